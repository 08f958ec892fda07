#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool write_all(bt_bytes bytes) {
    while (bytes.size) {
        ssize_t written = write(STDOUT_FILENO, bytes.data, bytes.size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bt_bytes_of(bytes.data + written, bytes.size - (size_t)written);
    }
    return true;
}

bool bt_output_guard_streams(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        /* The lowest number that is free, which is this one. */
        if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
    }
    return true;
}

bool bt_output_line(bt_bytes line) {
    return write_all(line) && write_all(BT_LITERAL("\n"));
}

bool bt_output_finish(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    fprintf(stderr, "bitting: cannot write to standard output: %s\n", strerror(errno));
    return false;
}
