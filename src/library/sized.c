#include "library/sized.h"

#include <stdint.h>
#include <string.h>

/* More than any version of a struct will have. */
#define SIZE_MAX_SANE 65536u

static size_t size_of(const void *theirs) {
    size_t size;
    memcpy(&size, theirs, sizeof size);
    return size;
}

static bool all_zeros(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (bytes[i]) return false;
    return true;
}

bt_err bt_sized_check(const void *theirs, size_t least, const char *name, bt_fault *fault) {
    if (!theirs) return bt_fail(fault, BT_ERR_INVALID, "%s: must not be NULL", name);
    size_t size = size_of(theirs);
    if (size >= least && size <= SIZE_MAX_SANE) return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "%s: its field size is %zu, which no version of it has; start from its _INIT",
                   name, size);
}

bt_err bt_sized_read(const void *from, size_t least, void *to, size_t size, const char *name,
                     bt_fault *fault) {
    BT_TRY(bt_sized_check(from, least, name, fault));
    size_t theirs = size_of(from);
    if (theirs > size && !all_zeros((const uint8_t *)from + size, theirs - size))
        return bt_fail(fault, BT_ERR_INVALID,
                       "%s: has a field set that this version of the library does not know; "
                       "install the one that the program was built with",
                       name);
    size_t common = theirs < size ? theirs : size;
    memcpy(to, from, common);
    memset((uint8_t *)to + common, 0, size - common);
    return BT_OK;
}

void bt_sized_write(const void *from, size_t size, void *to) {
    const size_t head = sizeof(size_t);
    size_t theirs = size_of(to);
    size_t common = theirs < size ? theirs : size;
    memcpy((uint8_t *)to + head, (const uint8_t *)from + head, common - head);
    if (theirs > size) memset((uint8_t *)to + size, 0, theirs - size);
}
