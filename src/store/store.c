#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/lmdb_err.h"
#include "store/pepper_source.h"
#include "store/pool.h"
#include "store/schema.h"
#include "store/snapshot.h"

#define NEW_FILE BT_STORE_FILE ".new"
#define LOCK_FILE BT_STORE_FILE "-lock"
/* LMDB's lock file: a header and 64 bytes a reader. */
#define LOCK_FILE_SIZE 131072

#define MAP_SIZE_DEFAULT ((size_t)64 << 30)
#define MAP_SIZE_LEAST ((size_t)64 << 20)
/* Pages at the end of a file that may be counted and never have been written. */
#define UNWRITTEN_PAGES 256u

bt_err bt_store_fail(const bt_store *store, int rc, bt_fault *fault) {
    return bt_lmdb_fail(fault, store->path, rc);
}

static bt_store *free_store(bt_store *store) {
    bt_pool_free(store->pool);
    if (store->env) mdb_env_close(store->env);
    if (store->serve_lock >= 0) close(store->serve_lock);
    bt_pepper_free(store->pepper);
    bt_store_free_peppers(store);
    pthread_mutex_destroy(&store->peppers_lock);
    free(store->directory);
    free(store->path);
    free(store->place);
    free(store->lock_place);
    free(store);
    return NULL;
}

static bt_store *new_handle(const char *directory) {
    bt_store *store = calloc(1, sizeof *store);
    if (!store) return NULL;
    store->serve_lock = -1;
    pthread_mutex_init(&store->peppers_lock, NULL);
    store->directory = strdup(directory);
    store->path = bt_directory_path(directory, BT_STORE_FILE);
    store->pool = bt_pool_new(store);
    return store->directory && store->path && store->pool ? store : free_store(store);
}

/* Makes the store beside its place and moves it there whole, so that a start that is cut off at any
 * moment leaves either no store or a good one. The directory is locked. */
static bt_err make_store(const bt_store_options *options, bt_store *store,
                         const bt_directory *directory, bt_fault *fault) {
    BT_TRY(bt_directory_check_vacant(store->directory, fault));
    BT_TRY(bt_pepper_of_new_store(options, directory->owner, &store->pepper, fault));
    if (unlinkat(directory->file, NEW_FILE, 0) && errno != ENOENT)
        return bt_store_fail(store, errno, fault);
    char *path = bt_directory_path(store->directory, NEW_FILE);
    if (!path) return bt_store_fail(store, ENOMEM, fault);
    bt_err err = bt_schema_make(path, store->pepper, fault);
    free(path);
    BT_TRY(err);
    if (renameat(directory->file, NEW_FILE, directory->file, BT_STORE_FILE) ||
        fsync(directory->file))
        return bt_store_fail(store, errno, fault);
    return BT_OK;
}

static bt_err missing_store(const bt_store *store, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_NOT_FOUND,
                   "data directory %s: has no store; `bitting serve --data %s` makes one",
                   store->directory, store->directory);
}

/* Sees to it that there is a store, and has the pepper loaded. */
static bt_err find_or_make(const bt_store_options *options, bt_store *store,
                           const bt_directory *directory, bt_fault *fault) {
    bool has;
    BT_TRY(bt_directory_has(directory, store->directory, BT_STORE_FILE, &has, fault));
    if (!has && options->mode != BT_STORE_CREATE) return missing_store(store, fault);
    if (!has) {
        BT_TRY(bt_directory_lock(directory, store->directory, fault));
        BT_TRY(bt_directory_has(directory, store->directory, BT_STORE_FILE, &has, fault));
    }
    return has ? bt_pepper_of_store(options, directory->owner, &store->pepper, fault)
               : make_store(options, store, directory, fault);
}

/* Every reader says in the lock file which pages it is looking at, so every one must write it. LMDB does
 * without where it may not; then nothing would keep pages from being used again under a reader, so we do
 * not. */
static bt_err open_lock_file(const bt_store *store, const bt_directory *directory, int *ret_file,
                             bt_fault *fault) {
    int file = openat(directory->file, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0 && errno == EACCES)
        return bt_fail(
            fault, BT_ERR_UNAVAILABLE,
            "%s-lock: may not be written to, as every reader must; run as the user that the "
            "data directory belongs to, or in the group of `bitting serve --library-group`",
            store->path);
    if (file < 0) return bt_store_fail(store, errno, fault);
    *ret_file = file;
    return BT_OK;
}

/* Root may have made it, for the user that the directory belongs to, whose server must write it too. Where that cannot
 * be done, the server will say so. */
static void hand_over(int file, uid_t owner) {
    struct stat status;
    if (geteuid() != 0 || owner == 0 || fstat(file, &status) || status.st_uid != 0) return;
    if (fchown(file, owner, (gid_t)-1)) return;
}

/* LMDB would take an empty file for a new store. The lock file is written through a map: it gets its
 * blocks here, or a full disk would be a SIGBUS. */
static bt_err prepare_files(bt_store *store, const bt_directory *directory, bt_fault *fault) {
    struct stat status;
    int file = -1;
    if (fstatat(directory->file, BT_STORE_FILE, &status, 0))
        return bt_store_fail(store, errno, fault);
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return bt_store_fail(store, MDB_INVALID, fault);
    BT_TRY(open_lock_file(store, directory, &file, fault));
    hand_over(file, directory->owner);
    if (fstat(file, &status) == 0) {
        store->lock_device = status.st_dev;
        store->lock_inode = status.st_ino;
    }
    int rc = fallocate(file, FALLOC_FL_KEEP_SIZE, 0, LOCK_FILE_SIZE) ? errno : 0;
    close(file);
    return rc && rc != EOPNOTSUPP && rc != ENOSYS ? bt_store_fail(store, rc, fault) : BT_OK;
}

/* LMDB hands the file of the data on to programs that this one becomes or starts (exec), its others not. */
static void keep_from_exec(MDB_env *env) {
    int file;
    if (mdb_env_get_fd(env, &file) == 0) fcntl(file, F_SETFD, FD_CLOEXEC);
}

static int open_env(bt_store *store, size_t map_size) {
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (store->read_only ? MDB_RDONLY : 0);
    MDB_env *env;
    int rc = mdb_env_create(&env);
    if (rc) return rc;
    rc = mdb_env_set_maxdbs(env, BT_TABLES);
    if (!rc) rc = mdb_env_set_maxreaders(env, BT_STORE_READERS_MAX);
    if (!rc) rc = mdb_env_set_mapsize(env, map_size);
    if (!rc) rc = mdb_env_open(env, store->path, flags, 0600);
    if (rc) {
        mdb_env_close(env);
        return rc;
    }
    keep_from_exec(env);
    store->env = env;
    return 0;
}

/* Where address space is short (ulimit -v; valgrind, which says EINVAL) a smaller map serves until
 * the store has grown to it. */
static int open_env_fitting(bt_store *store, size_t map_size) {
    int rc = open_env(store, map_size);
    while ((rc == ENOMEM || rc == EINVAL) && map_size / 2 >= MAP_SIZE_LEAST) {
        map_size /= 2;
        rc = open_env(store, map_size);
    }
    return rc;
}

/* Reading a page that the file is too short for is a SIGBUS. */
static bt_err check_length(const bt_store *store, bt_fault *fault) {
    MDB_envinfo info;
    MDB_stat tree;
    struct stat status;
    mdb_env_info(store->env, &info);
    mdb_env_stat(store->env, &tree);
    if (stat(store->path, &status)) return bt_store_fail(store, errno, fault);
    size_t pages = (size_t)status.st_size / tree.ms_psize;
    if (pages + UNWRITTEN_PAGES > info.me_last_pgno) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "store %s: is cut short: has %zu pages of %zu; restore a backup", store->path,
                   pages, info.me_last_pgno + 1);
}

/* A server of an older version must not go on writing in a schema that it does not know. */
static bt_err open_tables(bt_store *store, bt_fault *fault) {
    bool older;
    bt_err err = bt_schema_open(store->env, store->path, false, store->pepper, &store->tables,
                                &older, fault);
    if (!older || store->read_only) return err;
    BT_TRY(bt_store_check_unserved(store, fault));
    return bt_schema_open(store->env, store->path, true, store->pepper, &store->tables, &older,
                          fault);
}

static bt_err open_store(const bt_store_options *options, bt_store *store,
                         const bt_directory *directory, bt_fault *fault) {
    store->read_only = options->mode == BT_STORE_READ;
    store->owner = directory->owner;
    BT_TRY(find_or_make(options, store, directory, fault));
    BT_TRY(bt_store_check_namespace(store, fault));
    BT_TRY(prepare_files(store, directory, fault));
    int rc = open_env_fitting(store, options->map_size ? options->map_size : MAP_SIZE_DEFAULT);
    if (rc) return bt_store_fail(store, rc, fault);
    bt_store_note_place(store);
    BT_TRY(check_length(store, fault));
    return open_tables(store, fault);
}

/* One more user of a store that this process has open. */
static bt_err share(const bt_store_options *options, bt_store *store, bt_fault *fault) {
    if (store->read_only && options->mode != BT_STORE_READ)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "store %s: this process has it open for reading alone; open it for writing "
                       "first",
                       store->path);
    if (bt_store_look(store)) return bt_store_replaced(store, fault);
    store->references++;
    return BT_OK;
}

static bt_err open_first(const bt_store_options *options, const bt_directory *directory,
                         bt_store **ret_store, bt_fault *fault) {
    bt_store *store = new_handle(options->directory);
    if (!store) return bt_fail(fault, BT_ERR_EXHAUSTED, "store: no memory");
    bt_err err = open_store(options, store, directory, fault);
    if (err) {
        free_store(store);
        return err;
    }
    store->references = 1;
    bt_registry_add(store, directory);
    *ret_store = store;
    return BT_OK;
}

bt_err bt_store_open(const bt_store_options *options, bt_store **ret_store, bt_fault *fault) {
    bt_directory directory BT_CLEANUP(bt_directory_close) = {.file = -1};
    BT_TRY(
        bt_directory_open(options->directory, options->mode == BT_STORE_CREATE, &directory, fault));
    bt_registry_lock();
    bt_store *store = bt_registry_find(&directory);
    bt_err err =
        store ? share(options, store, fault) : open_first(options, &directory, &store, fault);
    bt_registry_unlock();
    if (!err) *ret_store = store;
    return err;
}

/* What a child inherited is its parent's, and is left as it is. */
bt_store *bt_store_close(bt_store *store) {
    if (!store || !bt_store_usable(store)) return NULL;
    bt_registry_lock();
    if (--store->references == 0) {
        bt_registry_remove(store);
        free_store(store);
    }
    bt_registry_unlock();
    return NULL;
}

bt_pool *bt_store_pool(const bt_store *store) {
    return store->pool;
}

const bt_pepper *bt_store_pepper(const bt_store *store) {
    return store->pepper;
}

const char *bt_store_directory(const bt_store *store) {
    return store->directory;
}

bt_err bt_store_check_readers(bt_store *store, unsigned *ret_freed) {
    int freed = 0;
    int rc = mdb_reader_check(store->env, &freed);
    if (!rc) *ret_freed = (unsigned)freed;
    return bt_lmdb_err(rc);
}

static int read_rows(bt_store *store, MDB_txn *txn, bt_store_info *info) {
    MDB_stat stat;
    bt_bytes head;
    int rc = mdb_stat(txn, store->tables.list[BT_TABLE_RECORD], &stat);
    if (!rc) rc = bt_table_get(txn, &store->tables, BT_TABLE_META, BT_LITERAL(BT_META_HEAD), &head);
    if (rc) return rc;
    if (head.size != sizeof(bt_head)) return MDB_CORRUPTED;
    memcpy(info->store_id, head.data + offsetof(bt_head, store_id), sizeof info->store_id);
    info->records = stat.ms_entries;
    return 0;
}

static int look_in(bt_store *store, bt_store_info *info) {
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc) return rc;
    rc = read_rows(store, txn, info);
    mdb_txn_abort(txn);
    return rc;
}

bt_err bt_store_info_get(bt_store *store, bt_store_info *ret_info) {
    bt_store_info info = {0};
    MDB_envinfo env;
    MDB_stat tree;
    struct stat status;
    mdb_env_info(store->env, &env);
    mdb_env_stat(store->env, &tree);
    if (stat(store->path, &status)) return bt_lmdb_err(errno);
    BT_TRY(bt_lmdb_err(look_in(store, &info)));
    info.map_size = env.me_mapsize;
    info.used_bytes = (uint64_t)(env.me_last_pgno + 1) * tree.ms_psize;
    info.file_bytes = (uint64_t)status.st_size;
    info.readers = env.me_numreaders;
    info.readers_max = env.me_maxreaders;
    *ret_info = info;
    return BT_OK;
}
