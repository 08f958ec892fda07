#include "rpc/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define PEM_MAX ((off_t)1 << 20)

void bt_pem_free(char **text) {
    if (!*text) return;
    bt_secret_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

static bool read_whole(int file, char *text, size_t size) {
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(file, text + have, size - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        have += (size_t)got;
    }
    text[size] = '\0';
    return true;
}

static bt_err read_open(int file, const char *path, const char *what, char **ret_text,
                        bt_fault *fault) {
    struct stat status;
    if (fstat(file, &status) || !S_ISREG(status.st_mode) || status.st_size > PEM_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "%s %s: must be a file of up to 1 MiB", what, path);
    char *text = malloc((size_t)status.st_size + 1);
    if (!text) return bt_fail(fault, BT_ERR_UNAVAILABLE, "no memory for %s", path);
    *text = '\0';
    bool whole = read_whole(file, text, (size_t)status.st_size);
    if (whole && strstr(text, "-----BEGIN ")) {
        *ret_text = text;
        return BT_OK;
    }
    bt_pem_free(&text);
    return bt_fail(fault, BT_ERR_INVALID, "%s %s: not PEM (no line -----BEGIN ...-----)", what,
                   path);
}

bt_err bt_pem_read(const char *path, const char *what, char **ret_text, bt_fault *fault) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return bt_fail(fault, BT_ERR_INVALID, "%s %s: cannot be read: %s", what, path,
                       strerror(errno));
    bt_err err = read_open(file, path, what, ret_text, fault);
    close(file);
    return err;
}
