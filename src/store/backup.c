#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/engine.h"
#include "store/lmdb_err.h"

static int sync_directory_of(const char *path) {
    char copy[PATH_MAX];
    if (!bt_bytes_copy_text(bt_bytes_text(path), copy, sizeof copy)) return ENAMETOOLONG;
    int directory = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return errno;
    int rc = fsync(directory) ? errno : 0;
    close(directory);
    return rc;
}

static int write_copy(bt_store *store, int file) {
    int rc = mdb_env_copyfd2(store->env, file, MDB_CP_COMPACT);
    if (!rc && fsync(file)) rc = errno;
    return rc;
}

static int copy_by_way_of(bt_store *store, char *part, const char *path) {
    int file = mkostemp(part, O_CLOEXEC); /* with mode 0600 */
    if (file < 0) return errno;
    int rc = write_copy(store, file);
    close(file);
    if (!rc && rename(part, path)) rc = errno;
    if (rc) unlink(part);
    return rc ? rc : sync_directory_of(path);
}

bt_err bt_store_backup(bt_store *store, const char *path, bt_fault *fault) {
    if (!bt_store_usable(store)) return bt_store_forked(store, fault);
    char *part;
    if (asprintf(&part, "%s.XXXXXX", path) < 0)
        return bt_fail(fault, BT_ERR_EXHAUSTED, "backup: no memory");
    int rc = copy_by_way_of(store, part, path);
    free(part);
    return rc ? bt_lmdb_fail(fault, path, rc) : BT_OK;
}
