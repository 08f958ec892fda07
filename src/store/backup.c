#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/lmdb_err.h"
#include "store/snapshot.h"

/* For the pages that a change of one row writes. */
#define MAP_ROOM ((size_t)1 << 20)

static int sync_directory_of(const char *path) {
    char copy[PATH_MAX];
    if (!bt_bytes_copy_text(bt_bytes_text(path), copy, sizeof copy)) return ENAMETOOLONG;
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return errno;
    int rc = fsync(directory) ? errno : 0;
    close(directory);
    return rc;
}

/* What is made of a copy goes on by itself: its revisions are not those that the store goes on to. */
static int put_new_id(MDB_txn *txn) {
    bt_tables tables;
    bt_bytes row;
    bt_head head;
    int rc = mdb_dbi_open(txn, "meta", 0, &tables.list[BT_TABLE_META]);
    if (!rc) rc = bt_table_get(txn, &tables, BT_TABLE_META, BT_LITERAL(BT_META_HEAD), &row);
    if (rc) return rc;
    if (row.size != sizeof head) return MDB_CORRUPTED;
    memcpy(&head, row.data, sizeof head);
    randombytes_buf(head.store_id, sizeof head.store_id);
    return bt_table_put(txn, &tables, BT_TABLE_META, BT_LITERAL(BT_META_HEAD),
                        bt_bytes_of(&head, sizeof head), 0);
}

static void close_env(MDB_env **env) {
    if (*env) mdb_env_close(*env);
}

/* Nobody else has the file open, so it gets no lock file. */
static int give_new_id(const char *path, size_t size) {
    MDB_env *env BT_CLEANUP(close_env) = NULL;
    MDB_txn *txn;
    int rc = mdb_env_create(&env);
    if (!rc) rc = mdb_env_set_maxdbs(env, BT_TABLES);
    if (!rc) rc = mdb_env_set_mapsize(env, size + MAP_ROOM);
    if (!rc) rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    if (!rc) rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc) return rc;
    rc = put_new_id(txn);
    if (!rc) return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static int write_copy(bt_store *store, const char *path, int file) {
    struct stat status;
    int rc = mdb_env_copyfd2(store->env, file, MDB_CP_COMPACT);
    if (!rc && fstat(file, &status)) rc = errno;
    if (!rc) rc = give_new_id(path, (size_t)status.st_size);
    if (!rc && fsync(file)) rc = errno;
    return rc;
}

static int copy_by_way_of(bt_store *store, char *part, const char *path) {
    int file = mkostemp(part, O_CLOEXEC); /* with mode 0600 */
    if (file < 0) return errno;
    int rc = write_copy(store, part, file);
    close(file);
    if (!rc && rename(part, path)) rc = errno;
    if (rc) unlink(part);
    return rc ? rc : sync_directory_of(path);
}

/* What is there already may be replaced where it is a file, and not the store. */
static bt_err check_place(const bt_store *store, const char *path, bt_fault *fault) {
    struct stat own, there;
    if (stat(path, &there)) return BT_OK;
    if (!S_ISREG(there.st_mode))
        return bt_fail(fault, BT_ERR_INVALID, "backup %s: is there, and is no regular file", path);
    bool same =
        !stat(store->path, &own) && own.st_dev == there.st_dev && own.st_ino == there.st_ino;
    if (!same) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "backup %s: is the store itself; name another file, best on another disk", path);
}

bt_err bt_store_backup(bt_store *store, const char *path, bt_fault *fault) {
    if (!bt_store_usable(store)) return bt_store_forked(store, fault);
    BT_TRY(check_place(store, path, fault));
    char *part;
    if (asprintf(&part, "%s.XXXXXX", path) < 0)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "backup: no memory");
    int rc = copy_by_way_of(store, part, path);
    free(part);
    return rc ? bt_lmdb_fail(fault, path, rc) : BT_OK;
}
