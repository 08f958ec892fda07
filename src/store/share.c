#include "store/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/directory.h"

static const struct {
    const char *name;
    mode_t mode;
} shared[] = {
    {BT_STORE_FILE, 0640},
    {BT_STORE_FILE "-lock", 0660},
    {BT_SERVE_LOCK_FILE, 0640},
    {BT_PEPPER_FILE, 0640},
    {".", 0750}, /* last: nothing in it can be reached before */
};

static bt_err find_group(const char *name, gid_t *ret_group, bt_fault *fault) {
    char *end, buffer[4096];
    struct group entry, *found = NULL;
    unsigned long number = strtoul(name, &end, 10);
    getgrnam_r(name, &entry, buffer, sizeof buffer, &found);
    bool is_number = name[0] >= '0' && name[0] <= '9' && !*end && number < UINT32_MAX;
    if (!found && !is_number)
        return bt_fail(fault, BT_ERR_INVALID, "library group: there is no group %s", name);
    *ret_group = found ? found->gr_gid : (gid_t)number;
    return BT_OK;
}

/* By name: to open and close one of these files would drop the locks that this process has on it. The
 * directory is this user's alone, so no name in it is another file's. */
static int share_one(int directory, const char *name, mode_t mode, gid_t group) {
    if (fchownat(directory, name, (uid_t)-1, group, AT_SYMLINK_NOFOLLOW)) return errno;
    return fchmodat(directory, name, mode, 0) ? errno : 0;
}

static bt_err failed(const char *path, const char *name, gid_t group, int error, bt_fault *fault) {
    return bt_fail(fault, BT_ERR_UNAVAILABLE,
                   "%s/%s: cannot be given to group %lu: %s; this user must own it and be in the "
                   "group",
                   path, name, (unsigned long)group, strerror(error));
}

static bool is_file(int folder, const char *name) {
    struct stat status;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

static void close_folder(DIR **folder) {
    if (*folder) closedir(*folder);
}

/* Peppers of other systems. What is a link to elsewhere is not ours to share. */
static bt_err share_peppers(int directory, const char *path, gid_t group, bt_fault *fault) {
    int file =
        openat(directory, BT_PEPPERS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return BT_OK;
    DIR *folder BT_CLEANUP(close_folder) = fdopendir(file);
    if (!folder) close(file);
    if (!folder) return failed(path, BT_PEPPERS_FOLDER, group, ENOMEM, fault);
    int error = share_one(directory, BT_PEPPERS_FOLDER, 0750, group);
    for (struct dirent *entry; !error && (entry = readdir(folder));)
        if (is_file(file, entry->d_name)) error = share_one(file, entry->d_name, 0640, group);
    return error ? failed(path, BT_PEPPERS_FOLDER, group, error, fault) : BT_OK;
}

static bt_err share_all(int directory, const char *path, gid_t group, bt_fault *fault) {
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        int error = share_one(directory, shared[i].name, shared[i].mode, group);
        if (error && error != ENOENT) return failed(path, shared[i].name, group, error, fault);
    }
    return BT_OK;
}

bt_err bt_store_share(const bt_store *store, const char *group, bt_fault *fault) {
    gid_t number;
    BT_TRY(find_group(group, &number, fault));
    const char *path = bt_store_directory(store);
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "data directory %s: %s", path, strerror(errno));
    bt_err err = share_peppers(directory, path, number, fault);
    if (!err) err = share_all(directory, path, number, fault);
    close(directory);
    return err;
}
