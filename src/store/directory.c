#include "store/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

static bt_err system_fault(bt_fault *fault, const char *path) {
    return bt_fail(fault, BT_ERR_UNAVAILABLE, "data directory %s: %s", path, strerror(errno));
}

static bool sync_path(const char *path) {
    int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return false;
    bool synced = fsync(file) == 0;
    close(file);
    return synced;
}

/* Makes the directory `path`, whose parent is there, and has its entry on disk. */
static bool make_one(char *path) {
    if (mkdir(path, 0700)) return errno == EEXIST;
    char *slash = strrchr(path, '/');
    if (!slash) return sync_path(".");
    if (slash == path) return sync_path("/");
    *slash = '\0';
    bool synced = sync_path(path);
    *slash = '/';
    return synced;
}

static bool make_all(const char *path) {
    char part[PATH_MAX];
    if (!bt_bytes_copy_text(bt_bytes_text(path), part, sizeof part)) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        bool made = make_one(part);
        *at = '/';
        if (!made) return false;
    }
    return make_one(part);
}

static bt_err check_mode(const struct stat *status, const char *path, bt_fault *fault) {
    if (!(status->st_mode & S_IWOTH)) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "data directory %s: every user of this machine may write to it (mode %04o); "
                   "`chmod 700` it",
                   path, (unsigned)status->st_mode & 07777);
}

bt_err bt_directory_open(const char *path, bool create, bt_directory *ret_directory,
                         bt_fault *fault) {
    if (!path || !path[0])
        return bt_fail(fault, BT_ERR_INVALID, "data directory: a path must be given");
    if (create && access(path, F_OK) && !make_all(path)) return system_fault(fault, path);
    int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return bt_fail(fault, BT_ERR_NOT_FOUND, "data directory %s: there is none", path);
    if (file < 0 && errno == ENOTDIR)
        return bt_fail(fault, BT_ERR_PRECONDITION, "data directory %s: is not a directory", path);
    if (file < 0) return system_fault(fault, path);
    struct stat status;
    bt_err err = fstat(file, &status) ? system_fault(fault, path) : BT_OK;
    if (!err) err = check_mode(&status, path, fault);
    if (err) {
        close(file);
        return err;
    }
    *ret_directory = (bt_directory){
        .file = file, .device = status.st_dev, .inode = status.st_ino, .owner = status.st_uid};
    return BT_OK;
}

void bt_directory_close(bt_directory *directory) {
    if (directory->file >= 0) close(directory->file);
    directory->file = -1;
}

bt_err bt_directory_lock(const bt_directory *directory, const char *path, bt_fault *fault) {
    while (flock(directory->file, LOCK_EX))
        if (errno != EINTR) return system_fault(fault, path);
    return BT_OK;
}

bt_err bt_directory_has(const bt_directory *directory, const char *path, const char *name,
                        bool *ret_has, bt_fault *fault) {
    struct stat status;
    bool has = fstatat(directory->file, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!has && errno != ENOENT) return system_fault(fault, path);
    *ret_has = has;
    return BT_OK;
}

/* What may lie in a directory before it has a store: what a first start that was cut off left
 * behind, what an operator brings, and what a file system has of its own. */
static bool may_precede(const char *name) {
    static const char *const names[] = {
        ".",
        "..",
        "lost+found",
        BT_PEPPER_FILE,
        BT_PEPPER_NEW_FILE,
        BT_PEPPERS_FOLDER,
        BT_SERVE_LOCK_FILE,
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    bt_bytes text = bt_bytes_text(name);
    return bt_bytes_starts_with(text, BT_LITERAL(BT_STORE_FILE)) ||
           (text.size > 5 && !strcmp(name + text.size - 5, ".sock"));
}

bt_err bt_directory_check_vacant(const char *path, bt_fault *fault) {
    DIR *entries = opendir(path);
    if (!entries) return system_fault(fault, path);
    bt_err err = BT_OK;
    for (struct dirent *entry; !err && (entry = readdir(entries));)
        if (!may_precede(entry->d_name))
            err = bt_fail(fault, BT_ERR_PRECONDITION,
                          "data directory %s: has no store, and a file that is not bitting's (%s); "
                          "name a directory that is empty, or is not there yet",
                          path, entry->d_name);
    closedir(entries);
    return err;
}

char *bt_directory_path(const char *directory, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}
