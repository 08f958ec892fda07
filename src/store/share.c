#include "store/share.h"

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

static bt_err share_all(int directory, const char *path, gid_t group, bt_fault *fault) {
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        int error = share_one(directory, shared[i].name, shared[i].mode, group);
        if (error && error != ENOENT)
            return bt_fail(fault, BT_ERR_UNAVAILABLE,
                           "%s/%s: cannot be given to group %lu: %s; this user must own it and be "
                           "in the group",
                           path, shared[i].name, (unsigned long)group, strerror(error));
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
    bt_err err = share_all(directory, path, number, fault);
    close(directory);
    return err;
}
