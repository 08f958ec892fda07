#include "key/foreign_pepper.h"

#include <assert.h>
#include <sodium.h>

#include "key/foreign.h"
#include "key/pepper_file.h"

static_assert(BT_PEPPER_MARK_SIZE == BT_SEAL_SIZE, "a mark is a seal");

/* Hexadecimal digits take the most; and a newline. */
#define FILE_MAX (sizeof "base64:" + (size_t)2 * BT_FOREIGN_PEPPER_MAX + 1)

static bool take_after(bt_bytes *text, const char *form) {
    bt_bytes name = bt_bytes_text(form);
    if (!bt_bytes_starts_with(*text, name)) return false;
    *text = bt_bytes_of(text->data + name.size, text->size - name.size);
    return true;
}

static bool parse(bt_bytes text, bt_foreign_pepper *pepper) {
    if (text.size && text.data[text.size - 1] == '\n') text.size--;
    if (take_after(&text, "hex:")) {
        pepper->size = text.size / 2;
        return pepper->size <= BT_FOREIGN_PEPPER_MAX &&
               bt_hex_decode(text, pepper->bytes, pepper->size);
    }
    if (take_after(&text, "base64:"))
        return bt_base64_decode(text, pepper->bytes, sizeof pepper->bytes, &pepper->size);
    if (text.size > BT_FOREIGN_PEPPER_MAX) return false;
    pepper->size = text.size;
    if (text.size) memcpy(pepper->bytes, text.data, text.size);
    return true;
}

static bt_err read_into(const char *path, uid_t owner, bt_foreign_pepper *pepper, bt_fault *fault) {
    char text[FILE_MAX];
    size_t size;
    BT_TRY(bt_pepper_file_read(path, owner, text, sizeof text, &size, fault));
    bool ok = size < sizeof text && parse(bt_bytes_of(text, size), pepper) && pepper->size;
    sodium_memzero(text, sizeof text);
    if (ok) return BT_OK;
    return bt_fail(fault, BT_ERR_PRECONDITION,
                   "pepper %s: must be 1 to %u bytes, as they are or as hex:... or base64:...",
                   path, BT_FOREIGN_PEPPER_MAX);
}

bt_err bt_foreign_pepper_load(const char *path, uid_t owner, bt_foreign_pepper **ret_pepper,
                              bt_fault *fault) {
    bt_foreign_pepper *pepper = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *pepper);
    if (!pepper) return bt_fail(fault, BT_ERR_UNAVAILABLE, "pepper: no memory can be locked");
    bt_err err = read_into(path, owner, pepper, fault);
    if (err) {
        bt_foreign_pepper_free(pepper);
        return err;
    }
    sodium_mprotect_readonly(pepper);
    *ret_pepper = pepper;
    return BT_OK;
}

bt_foreign_pepper *bt_foreign_pepper_free(bt_foreign_pepper *pepper) {
    sodium_free(pepper);
    return NULL;
}

void bt_foreign_pepper_mark(const bt_pepper *own, const bt_foreign_pepper *pepper,
                            uint8_t ret_mark[BT_PEPPER_MARK_SIZE]) {
    bt_digest_seal(own, "pepper of another system", bt_bytes_of(pepper->bytes, pepper->size),
                   ret_mark);
}
