#include "rpc/key_service.h"

#include "rpc/answer.h"
#include "rpc/key_message.h"
#include "rpc/key_messages.h"

static bt_err get_key(bt_call *call, bt_out *out, bt_fault *fault) {
    uint8_t block[BT_DETAIL_ARENA];
    bt_arena arena;
    bt_get_key_request request;
    bt_key key;
    bt_arena_init(&arena, block, sizeof block);
    BT_TRY(bt_get_key_read(call->message, &request, fault));
    BT_TRY(bt_session_reached(call->session, request.min_revision, fault));
    BT_TRY(bt_service_get_key(call->session, &call->caller, request.key_id, &arena, &key, fault));
    bt_key_write_field(&key, 1, out);
    bt_out_uint(out, 2, bt_call_revision(call));
    return BT_OK;
}

void bt_rpc_get_key(bt_call *call) {
    uint8_t block[BT_KEY_MESSAGE_MAX + 128];
    bt_out out = bt_out_into(block, sizeof block);
    bt_fault fault;
    if (get_key(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}

/* Room that is kept for what follows the keys. */
#define LIST_TAIL 256u

/* False where the page is full; the key is then the first of the next. */
static bool add_to_page(bt_listing *listing, const bt_key *key, bt_out *out) {
    size_t before = out->size;
    bt_key_write_field(key, 1, out);
    if (!out->full && out->capacity - out->size >= LIST_TAIL) return true;
    out->size = before;
    out->full = false;
    bt_listing_unread(listing);
    return false;
}

static bt_err write_page(bt_call *call, bt_listing *listing, bt_out *out, bt_fault *fault) {
    const bt_key *key;
    do {
        BT_TRY(bt_listing_next(listing, &key, fault));
    } while (key && add_to_page(listing, key, out));
    char page_token[BT_PAGE_TOKEN_TEXT_SIZE];
    bt_listing_end(listing, page_token);
    bt_out_bytes(out, 2, bt_bytes_text(page_token));
    bt_out_uint(out, 3, bt_call_revision(call));
    return BT_OK;
}

static bt_err list_keys(bt_call *call, bt_out *out, bt_fault *fault) {
    bt_list_keys request;
    bt_listing listing;
    bt_arena details;
    void *block = bt_arena_alloc(&call->arena, BT_DETAIL_ARENA);
    if (!block) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a page now; try again");
    bt_arena_init(&details, block, BT_DETAIL_ARENA);
    BT_TRY(bt_list_keys_read(call->message, &request, fault));
    BT_TRY(bt_listing_begin(&listing, call->session, &call->caller, &request, &details, fault));
    *out = bt_out_rest(&call->arena);
    return write_page(call, &listing, out, fault);
}

void bt_rpc_list_keys(bt_call *call) {
    bt_out out = {.full = true};
    bt_fault fault;
    if (list_keys(call, &out, &fault))
        bt_call_fail(call, &fault);
    else
        bt_answer_with(call, &out);
}
