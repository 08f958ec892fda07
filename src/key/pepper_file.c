#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "key/digest.h"
#include "key/pepper_file.h"

#define FILE_SIZE (2 * BT_PEPPER_SIZE + 1) /* digits and a newline */

static void close_file(const int *file) {
    if (*file >= 0) close(*file);
}

static bt_err write_synced(int file, const char *text, size_t size) {
    if (write(file, text, size) != (ssize_t)size) return BT_ERR_UNAVAILABLE;
    return fsync(file) ? BT_ERR_UNAVAILABLE : BT_OK;
}

static bt_err sync_directory_of(const char *path) {
    char copy[4096];
    if (!bt_bytes_copy_text(bt_bytes_text(path), copy, sizeof copy)) return BT_ERR_INVALID;
    int directory BT_CLEANUP(close_file) = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return directory < 0 || fsync(directory) ? BT_ERR_UNAVAILABLE : BT_OK;
}

/* Random bytes into a file that is not there yet. */
static bt_err write_new(const char *path) {
    if (unlink(path) && errno != ENOENT) return BT_ERR_UNAVAILABLE;
    int file BT_CLEANUP(close_file) = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return BT_ERR_UNAVAILABLE;
    uint8_t bytes[BT_PEPPER_SIZE];
    char text[FILE_SIZE + 1];
    randombytes_buf(bytes, sizeof bytes);
    bt_hex_encode(bt_bytes_of(bytes, sizeof bytes), text);
    text[FILE_SIZE - 1] = '\n';
    bt_err err = write_synced(file, text, FILE_SIZE);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
    return err;
}

/* Under another name first, and then whole in its place: a program that is killed meanwhile leaves
 * no half of a pepper there. link, unlike rename, never replaces one. */
bt_err bt_pepper_create(const char *path, bt_fault *fault) {
    if (sodium_init() < 0) return bt_fail(fault, BT_ERR_INTERNAL, "libsodium cannot start");
    char part[4096];
    if (snprintf(part, sizeof part, "%s.new", path) >= (int)sizeof part)
        return bt_fail(fault, BT_ERR_INVALID, "pepper: its path is too long");
    bt_err err = write_new(part);
    if (!err && link(part, path)) err = errno == EEXIST ? BT_ERR_EXISTS : BT_ERR_UNAVAILABLE;
    int error = errno;
    unlink(part);
    if (!err) err = sync_directory_of(path);
    if (!err) return BT_OK;
    if (err == BT_ERR_EXISTS) return bt_fail(fault, err, "pepper %s: exists already", path);
    return bt_fail(fault, err, "pepper %s: cannot be made: %s", path, strerror(error));
}

static bt_err check_permissions(int file, uid_t owner, const char *path, bt_fault *fault) {
    struct stat status;
    if (fstat(file, &status))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "pepper %s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return bt_fail(fault, BT_ERR_PRECONDITION, "pepper %s: must be a regular file", path);
    if (status.st_uid != geteuid() && status.st_uid != 0 && status.st_uid != owner)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "pepper %s: belongs to user %u; must belong to the user that runs this, to "
                       "the store's, or to root",
                       path, (unsigned)status.st_uid);
    if (status.st_mode & 0137)
        return bt_fail(fault, BT_ERR_PRECONDITION,
                       "pepper %s: mode is %04o, others could read or change it; `chmod 600` it "
                       "(0640 lets one group read)",
                       path, (unsigned)status.st_mode & 07777);
    return BT_OK;
}

bt_err bt_pepper_file_read(const char *path, uid_t owner, char *ret_text, size_t capacity,
                           size_t *ret_size, bt_fault *fault) {
    int file BT_CLEANUP(close_file) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        return bt_fail(fault, BT_ERR_NOT_FOUND, "pepper %s: no such file", path);
    if (file < 0) return bt_fail(fault, BT_ERR_UNAVAILABLE, "pepper %s: %s", path, strerror(errno));
    BT_TRY(check_permissions(file, owner, path, fault));
    ssize_t size = read(file, ret_text, capacity);
    if (size < 0) return bt_fail(fault, BT_ERR_UNAVAILABLE, "pepper %s: %s", path, strerror(errno));
    *ret_size = (size_t)size;
    return BT_OK;
}

static bt_err parse(const char *text, size_t size, const char *path,
                    uint8_t ret_bytes[BT_PEPPER_SIZE], bt_fault *fault) {
    if (size == FILE_SIZE && text[size - 1] == '\n') size--;
    if (bt_hex_decode(bt_bytes_of(text, size), ret_bytes, BT_PEPPER_SIZE)) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION, "pepper %s: must be 64 hexadecimal digits", path);
}

bt_err bt_pepper_load(const char *path, uid_t owner, bt_pepper **ret_pepper, bt_fault *fault) {
    char text[FILE_SIZE + 1];
    uint8_t bytes[BT_PEPPER_SIZE];
    size_t size;
    BT_TRY(bt_pepper_file_read(path, owner, text, sizeof text, &size, fault));
    bt_err err = parse(text, size, path, bytes, fault);
    bt_pepper *pepper = err ? NULL : bt_pepper_from_bytes(bytes);
    sodium_memzero(text, sizeof text);
    sodium_memzero(bytes, sizeof bytes);
    BT_TRY(err);
    if (!pepper) return bt_fail(fault, BT_ERR_UNAVAILABLE, "pepper: no memory can be locked");
    *ret_pepper = pepper;
    return BT_OK;
}
