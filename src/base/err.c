#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/* Cuts an incomplete character that the size of the buffer left at the end. */
static void trim_utf8(char *text) {
    size_t size = strlen(text);
    for (size_t cut = 0; cut < 4 && cut <= size; cut++) {
        if (!bt_bytes_utf8(bt_bytes_of(text, size - cut))) continue;
        text[size - cut] = '\0';
        return;
    }
}

bt_err bt_fail_text(bt_fault *fault, bt_err err, const char *format, ...) {
    if (!fault) return err;
    fault->err = err;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    trim_utf8(fault->text);
    bt_text_make_printable(fault->text, strlen(fault->text));
    return err;
}
