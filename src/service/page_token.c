#include "service/page_token.h"

#include <assert.h>

#define PURPOSE "page token"

typedef struct sealed {
    bt_key_id from;
    uint8_t seal[BT_SEAL_SIZE];
} sealed;

static_assert(sizeof(sealed) == BT_KEY_ID_SIZE + BT_SEAL_SIZE, "no padding");

/* The seal of the filters, then that of it and the id: so neither needs a buffer of its own. */
static void seal(const bt_pepper *pepper, bt_bytes filters, sealed *token) {
    bt_digest_seal(pepper, PURPOSE " filters", filters, token->seal);
    bt_digest_seal(pepper, PURPOSE, bt_bytes_of(token, sizeof *token), token->seal);
}

void bt_page_token_make(const bt_pepper *pepper, bt_bytes filters, const bt_key_id *from,
                        char ret_text[BT_PAGE_TOKEN_TEXT_SIZE]) {
    sealed token = {.from = *from};
    seal(pepper, filters, &token);
    bt_hex_encode(bt_bytes_of(&token, sizeof token), ret_text);
}

/* Compares in a time that does not tell how much of a made-up seal was right. */
static bool same_seal(const sealed *a, const sealed *b) {
    uint8_t difference = 0;
    for (size_t i = 0; i < BT_SEAL_SIZE; i++) difference |= a->seal[i] ^ b->seal[i];
    return difference == 0;
}

bool bt_page_token_read(const bt_pepper *pepper, bt_bytes filters, bt_bytes text,
                        bt_key_id *ret_from) {
    sealed given;
    if (!bt_hex_decode(text, (uint8_t *)&given, sizeof given)) return false;
    sealed right = {.from = given.from};
    seal(pepper, filters, &right);
    if (!same_seal(&given, &right)) return false;
    *ret_from = given.from;
    return true;
}
