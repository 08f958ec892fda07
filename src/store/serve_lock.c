#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/engine.h"

#define NAMESPACE_WORD "pid namespace "

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

/* 0: it cannot be told here. */
static uintmax_t own_namespace(void) {
    struct stat status;
    return stat("/proc/self/ns/pid", &status) ? 0 : (uintmax_t)status.st_ino;
}

/* Who holds the lock leaves word of its pid namespace in the file. */
static bt_err write_namespace(int file, const char *path, bt_fault *fault) {
    char text[64];
    int size = snprintf(text, sizeof text, NAMESPACE_WORD "%ju\n", own_namespace());
    if (ftruncate(file, 0) == 0 && pwrite(file, text, (size_t)size, 0) == size) return BT_OK;
    return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

/* 0: there is no such word, or not yet. */
static uintmax_t read_namespace(int file) {
    const size_t word = sizeof NAMESPACE_WORD - 1;
    char text[64] = "";
    if (pread(file, text, sizeof text - 1, 0) < 0) return 0;
    return strncmp(text, NAMESPACE_WORD, word) ? 0 : strtoumax(text + word, NULL, 10);
}

static bt_err compare_namespaces(int file, const char *path, bt_fault *fault) {
    struct flock lock = whole_file();
    if (fcntl(file, F_GETLK, &lock) || lock.l_type == F_UNLCK) return BT_OK;
    uintmax_t theirs = read_namespace(file), ours = own_namespace();
    if (!theirs || !ours || theirs == ours) return BT_OK;
    return bt_fail(
        fault, BT_ERR_PRECONDITION,
        "%s: the server of this store runs in another pid namespace; readers that died "
        "are known by their process number, so this container must share its (docker run "
        "--pid, shareProcessNamespace in Kubernetes)",
        path);
}

/* Who may not read the file is let in: nothing can be told. */
bt_err bt_store_check_namespace(const bt_store *store, bt_fault *fault) {
    char *path = bt_directory_path(store->directory, BT_SERVE_LOCK_FILE);
    if (!path) return bt_fail(fault, BT_ERR_EXHAUSTED, "data directory: no memory for its path");
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bt_err err = file < 0 ? BT_OK : compare_namespaces(file, path, fault);
    if (file >= 0) close(file);
    free(path);
    return err;
}

static bt_err take(int file, const char *path, bt_fault *fault) {
    struct flock lock = whole_file();
    if (fcntl(file, F_SETLK, &lock) == 0) return write_namespace(file, path, fault);
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
