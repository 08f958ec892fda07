#include "store/lmdb_err.h"

#include <errno.h>
#include <lmdb.h>
#include <stddef.h>

static const struct {
    int rc;
    bt_err err;
    const char *remedy;
} known[] = {
    {MDB_NOTFOUND, BT_ERR_NOT_FOUND, NULL},
    {MDB_KEYEXIST, BT_ERR_EXISTS, NULL},
    {MDB_MAP_FULL, BT_ERR_EXHAUSTED,
     "all of the address space reserved for it is used; open it with a larger map size"},
    {MDB_READERS_FULL, BT_ERR_EXHAUSTED, "too many readers at once"},
    {MDB_TXN_FULL, BT_ERR_EXHAUSTED, "too many changes in one transaction"},
    {ENOSPC, BT_ERR_EXHAUSTED, "the disk is full; make room, and nothing was lost meanwhile"},
    {EDQUOT, BT_ERR_EXHAUSTED, "the disk quota is used up; raise it"},
    {EFBIG, BT_ERR_EXHAUSTED, "the limit on the size of a file is reached; raise it (ulimit -f)"},
    {ENOMEM, BT_ERR_EXHAUSTED, "no memory or address space"},
    {EMFILE, BT_ERR_EXHAUSTED, "too many open files; raise the limit (ulimit -n)"},
    {ENFILE, BT_ERR_EXHAUSTED, "too many open files on this machine"},
    {MDB_MAP_RESIZED, BT_ERR_UNAVAILABLE,
     "it has grown past the address space reserved here; start again, with a larger map size"},
    {EACCES, BT_ERR_UNAVAILABLE, "run as the user that the data directory belongs to"},
    {EPERM, BT_ERR_UNAVAILABLE, "run as the user that the data directory belongs to"},
    {EROFS, BT_ERR_UNAVAILABLE,
     "the file system is read-only, and readers too must write the lock file"},
    {EIO, BT_ERR_UNAVAILABLE, "the disk failed; look at the kernel's log"},
    {EAGAIN, BT_ERR_UNAVAILABLE,
     "another process of the same number reads it: containers that share a store must share "
     "their process numbers (pid namespace) too"},
    {MDB_PANIC, BT_ERR_UNAVAILABLE, "an earlier write failed in the middle; start again"},
    {MDB_INVALID, BT_ERR_PRECONDITION,
     "neither this file nor its lock file may be anything but a store of bitting"},
    {MDB_VERSION_MISMATCH, BT_ERR_PRECONDITION, "made by another version of LMDB"},
};

static size_t find(int rc) {
    size_t at = 0;
    while (at < sizeof known / sizeof *known && known[at].rc != rc) at++;
    return at;
}

bt_err bt_lmdb_err(int rc) {
    if (rc == 0) return BT_OK;
    size_t at = find(rc);
    return at < sizeof known / sizeof *known ? known[at].err : BT_ERR_INTERNAL;
}

bt_err bt_lmdb_fail(bt_fault *fault, const char *path, int rc) {
    size_t at = find(rc);
    const char *remedy = at < sizeof known / sizeof *known ? known[at].remedy : NULL;
    return bt_fail(fault, bt_lmdb_err(rc), "store %s: %s%s%s", path, mdb_strerror(rc),
                   remedy ? ": " : "", remedy ? remedy : "");
}
