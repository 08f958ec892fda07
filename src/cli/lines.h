/* Reads a file line by line where lines may have secrets: from one buffer of fixed size, which is wiped. */
#ifndef BT_CLI_LINES_H
#define BT_CLI_LINES_H

#include "base/bytes.h"
#include "base/err.h"

#define BT_LINE_MAX 65536u /* bytes, without the newline */

typedef struct bt_lines {
    int file;
    bool ended;
    size_t number; /* of the line that was read last; the first is 1 */
    size_t begin, end;
    uint8_t buffer[2 * BT_LINE_MAX];
} bt_lines;

/* path: NULL for standard input. BT_ERR_UNAVAILABLE. */
bt_err bt_lines_open(bt_lines *lines, const char *path, bt_fault *fault);

/* The next line, without its newline: a view that holds until the next call; wipe what it shows when done. False at the
 * end. ret_too_long: it has more than BT_LINE_MAX bytes, and what is given is no line. An error ends it, too, and sets
 * fault->err. */
bool bt_lines_next(bt_lines *lines, bt_bytes *ret_line, bool *ret_too_long, bt_fault *fault);

/* Wipes the buffer. Takes one that was never opened, as long as it is zero. */
void bt_lines_close(bt_lines *lines);

#endif
