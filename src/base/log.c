#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"

static _Atomic bt_log_level highest = BT_LOG_INFO;

void bt_log_set_level(bt_log_level level) {
    highest = level;
}

void bt_log(bt_log_level level, const char *format, ...) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    if (level > highest) return;
    char line[1024];
    char when[25];
    bt_clock_format(bt_clock_ms(), when);
    int start = snprintf(line, sizeof line, "%s %s ", when, names[level]);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line + start, sizeof line - (size_t)start - 1, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    size_t end = (size_t)start + (size_t)length;
    if (end > sizeof line - 2) end = sizeof line - 2;
    bt_text_make_printable(line, end);
    line[end] = '\n';
    /* A log that cannot be written is nothing to fail for. */
    if (write(STDERR_FILENO, line, end + 1) < 0) return;
}
