#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/secret.h"

bt_err bt_lines_open(bt_lines *lines, const char *path, bt_fault *fault) {
    lines->file = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (lines->file >= 0) return BT_OK;
    return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

void bt_lines_close(bt_lines *lines) {
    if (lines->file > STDIN_FILENO) close(lines->file);
    bt_secret_wipe(lines->buffer, sizeof lines->buffer);
}

static void make_room(bt_lines *lines) {
    if (lines->begin == 0) return;
    memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
    lines->end -= lines->begin;
    lines->begin = 0;
}

static bt_err fill(bt_lines *lines, bt_fault *fault) {
    make_room(lines);
    ssize_t size = 0;
    do size = read(lines->file, lines->buffer + lines->end, sizeof lines->buffer - lines->end);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "line %zu: cannot be read: %s", lines->number + 1,
                       strerror(errno));
    lines->ended = size == 0;
    lines->end += (size_t)size;
    return BT_OK;
}

/* What is in the buffer up to a newline, or to the end. False: the line goes on. */
static bool take(bt_lines *lines, bt_bytes *ret_part, bool *ret_whole) {
    size_t size = lines->end - lines->begin;
    const uint8_t *data = lines->buffer + lines->begin;
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    bool whole = newline || lines->ended;
    if (!whole && size <= BT_LINE_MAX) return false;
    if (newline) size = (size_t)(newline - data);
    *ret_part = bt_bytes_of(data, size);
    *ret_whole = whole;
    lines->begin += size + (newline ? 1 : 0);
    return true;
}

bool bt_lines_next(bt_lines *lines, bt_bytes *ret_line, bool *ret_too_long, bt_fault *fault) {
    bool whole = false, too_long = false;
    fault->err = BT_OK;
    while (!whole) {
        bt_bytes part;
        if (lines->ended && lines->begin == lines->end && !too_long) return false;
        if (!take(lines, &part, &whole)) {
            if (fill(lines, fault)) return false;
            continue;
        }
        too_long = too_long || part.size > BT_LINE_MAX;
        *ret_line = part;
    }
    lines->number++;
    *ret_too_long = too_long;
    return true;
}
