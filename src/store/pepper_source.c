#include "store/pepper_source.h"

#include <stdlib.h>
#include <unistd.h>

#include "store/directory.h"

static void free_text(char **text) {
    free(*text);
}

char *bt_pepper_credential(const char *name) {
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    if (!directory || !directory[0]) return NULL;
    char *path = bt_directory_path(directory, name);
    if (path && access(path, F_OK) == 0) return path;
    free(path);
    return NULL;
}

char *bt_pepper_source(const bt_store_options *options, bool *ret_fixed) {
    *ret_fixed = false;
    if (options->pepper_file) return strdup(options->pepper_file);
    char *path = bt_pepper_credential(BT_PEPPER_CREDENTIAL);
    *ret_fixed = path != NULL;
    return path ? path : bt_directory_path(options->directory, BT_PEPPER_FILE);
}

bt_err bt_pepper_of_store(const bt_store_options *options, uid_t owner, bt_pepper **ret_pepper,
                          bt_fault *fault) {
    bool fixed;
    char *path BT_CLEANUP(free_text) = bt_pepper_source(options, &fixed);
    if (!path) return bt_fail(fault, BT_ERR_EXHAUSTED, "pepper: no memory for its path");
    bt_err err = bt_pepper_load(path, owner, ret_pepper, fault);
    if (err != BT_ERR_NOT_FOUND) return err; /* NOLINT(clang-analyzer-unix.Malloc): cleanup frees */
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "pepper %s: no such file; the keys of store %s can be checked with the pepper "
                   "that it was made with alone: bring it back, or name it with --pepper",
                   path, options->directory);
}

bt_err bt_pepper_of_new_store(const bt_store_options *options, uid_t owner, bt_pepper **ret_pepper,
                              bt_fault *fault) {
    bool fixed;
    char *path BT_CLEANUP(free_text) = bt_pepper_source(options, &fixed);
    if (!path) return bt_fail(fault, BT_ERR_EXHAUSTED, "pepper: no memory for its path");
    bt_err err = fixed ? BT_OK : bt_pepper_create(path, fault);
    if (err && err != BT_ERR_EXISTS) return err; /* NOLINT(clang-analyzer-unix.Malloc): likewise */
    return bt_pepper_load(path, owner, ret_pepper, fault);
}
