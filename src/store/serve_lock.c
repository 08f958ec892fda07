#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/engine.h"

/* A record lock (fcntl): the kernel knows its holder, drops it with the process, and does not give
 * it to children. */
static struct flock whole_file(void) {
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static bt_err taken(const char *path, pid_t holder, bt_fault *fault) {
    /* 0 or less: the holder has no number in this pid namespace. */
    if (holder <= 0)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "%s: a server in another container already serves this store; stop it, or "
                       "name another data directory",
                       path);
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "%s: process %ld already serves this store; stop it, or name another data "
                   "directory",
                   path, (long)holder);
}

static bt_err check_holder(int file, const char *path, bt_fault *fault) {
    struct flock lock = whole_file();
    if (fcntl(file, F_GETLK, &lock))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    return lock.l_type == F_UNLCK ? BT_OK : taken(path, lock.l_pid, fault);
}

static bt_err take(int file, const char *path, bt_fault *fault) {
    struct flock lock = whole_file();
    if (fcntl(file, F_SETLK, &lock) == 0) return BT_OK;
    if (errno != EACCES && errno != EAGAIN)
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
    bt_err err = check_holder(file, path, fault);
    return err ? err : bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: was taken; try again", path);
}

typedef bt_err lock_action(int file, const char *path, bt_fault *fault);

/* Opens the lock file and acts on it. ret_file NULL: and closes it. */
static bt_err act(const bt_store *store, lock_action *action, int *ret_file, bt_fault *fault) {
    char *path = bt_directory_path(store->directory, BT_SERVE_LOCK_FILE);
    if (!path) return bt_fail(fault, BT_ERR_EXHAUSTED, "data directory: no memory for its path");
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bt_err err = file < 0 ? bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno))
                          : action(file, path, fault);
    free(path);
    if (file >= 0 && (err || !ret_file)) close(file);
    if (!err && ret_file) *ret_file = file;
    return err;
}

bt_err bt_store_check_unserved(const bt_store *store, bt_fault *fault) {
    return act(store, check_holder, NULL, fault);
}

bt_err bt_store_lock_serving(bt_store *store, bt_fault *fault) {
    bt_registry_lock();
    /* Closing another file of the lock would drop it, so a second one is never opened. */
    bt_err err = store->serve_lock >= 0
                     ? bt_fail(fault, BT_ERR_PRECONDITION,
                               "%s: this process already serves this store", store->directory)
                     : act(store, take, &store->serve_lock, fault);
    bt_registry_unlock();
    return err;
}
