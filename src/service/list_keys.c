#include "service/list_keys.h"

#include <inttypes.h>

#include "service/text.h"

/* Everything that tells one listing from another; lengths keep two texts from running together. */
typedef struct filters {
    uint8_t bytes[3 + 3 * sizeof(uint16_t) + 2 * (size_t)BT_OWNER_ID_MAX + BT_NAME_MAX];
    size_t size;
} filters;

static void add_filter(filters *all, bt_bytes text) {
    uint16_t size = (uint16_t)text.size;
    memcpy(all->bytes + all->size, &size, sizeof size);
    all->size += sizeof size;
    if (text.size) memcpy(all->bytes + all->size, text.data, text.size);
    all->size += text.size;
}

static filters filters_of(const bt_listing *listing) {
    const bt_list_keys *request = listing->request;
    filters all = {.size = 3};
    all.bytes[0] = listing->environment ? listing->environment->id : 0;
    all.bytes[1] = (uint8_t)request->kind;
    all.bytes[2] = (uint8_t)request->state;
    add_filter(&all, request->user_id);
    add_filter(&all, request->org_id);
    add_filter(&all, request->name_prefix);
    return all;
}

static bt_err check_request(const bt_list_keys *request, bt_fault *fault) {
    if (request->page_size < 0 || request->page_size > BT_LIST_PAGE_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "page_size: is %" PRId64 "; 0 to %d are right",
                       request->page_size, BT_LIST_PAGE_MAX);
    if ((unsigned)request->kind > BT_KIND_LAST)
        return bt_fail(fault, BT_ERR_INVALID, "kind: has a value that is no kind of key");
    if ((unsigned)request->state > BT_KEY_STATE_LAST)
        return bt_fail(fault, BT_ERR_INVALID, "state: has a value that is no state of a key");
    BT_TRY(bt_text_check("user_id", request->user_id, BT_OWNER_ID_MAX, fault));
    BT_TRY(bt_text_check("org_id", request->org_id, BT_OWNER_ID_MAX, fault));
    return bt_text_check("name_prefix", request->name_prefix, BT_NAME_MAX, fault);
}

static const bt_pepper *pepper_of(const bt_listing *listing) {
    return bt_store_pepper(listing->session->service->store);
}

static bt_err read_page_token(bt_listing *listing, bt_fault *fault) {
    bt_bytes text = listing->request->page_token;
    if (text.size == 0) return BT_OK;
    filters all = filters_of(listing);
    if (bt_page_token_read(pepper_of(listing), bt_bytes_of(all.bytes, all.size), text,
                           &listing->from))
        return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "page_token: is not the next_page_token of a listing with these filters");
}

bt_err bt_listing_begin(bt_listing *listing, bt_session *session, const bt_caller *caller,
                        const bt_list_keys *request, bt_arena *arena, bt_fault *fault) {
    const bt_environments *all = bt_snapshot_environments(session->snapshot);
    BT_TRY(check_request(request, fault));
    *listing = (bt_listing){.session = session,
                            .request = request,
                            .arena = arena,
                            .arena_start = arena->used,
                            .now_ms = bt_clock_ms(),
                            .rows_left = BT_LIST_ROWS_MAX};
    listing->keys_left = (size_t)(request->page_size ? request->page_size : BT_LIST_PAGE_DEFAULT);
    BT_TRY(bt_caller_environment(caller, all, request->environment, &listing->environment, fault));
    return read_page_token(listing, fault);
}

static bool is(bt_bytes filter, bt_bytes value) {
    return filter.size == 0 || bt_bytes_equal(filter, value);
}

static bool matches(const bt_listing *listing, const bt_record *record, const bt_detail *detail) {
    const bt_list_keys *want = listing->request;
    if (listing->environment && listing->environment->id != record->environment) return false;
    if (want->kind && want->kind != (bt_kind)record->kind) return false;
    if (want->state && want->state != bt_key_state_of(record, listing->now_ms)) return false;
    return is(want->user_id, detail->user_id) && is(want->org_id, detail->org_id) &&
           bt_bytes_starts_with(detail->name, want->name_prefix);
}

/* Looks at one row. ret_found: it is a key of the listing, now in listing->key. */
static bt_err look(bt_listing *listing, bool *ret_found, bt_fault *fault) {
    bt_snapshot *snapshot = listing->session->snapshot;
    bt_key_id id;
    bt_bytes row;
    *ret_found = false;
    bt_err err =
        listing->over ? BT_ERR_NOT_FOUND : bt_snapshot_seek(snapshot, &listing->from, &id, &row);
    listing->over = err == BT_ERR_NOT_FOUND;
    if (listing->over) return BT_OK;
    if (err) return bt_fail(fault, err, "the store's table of keys cannot be read");
    bt_key_rows rows;
    listing->arena->used = listing->arena_start;
    BT_TRY(bt_key_rows_read(snapshot, &id, row, listing->arena, &rows, fault));
    *ret_found = matches(listing, rows.record, &rows.detail);
    if (*ret_found) bt_key_rows_describe(snapshot, &rows, listing->now_ms, &listing->key);
    listing->from = id;
    listing->over = !bt_key_id_next(&listing->from);
    return BT_OK;
}

bt_err bt_listing_next(bt_listing *listing, const bt_key **ret_key, bt_fault *fault) {
    bool found = false;
    while (!found && !listing->over && listing->keys_left && listing->rows_left) {
        BT_TRY(look(listing, &found, fault));
        listing->rows_left--;
    }
    if (found) listing->keys_left--;
    *ret_key = found ? &listing->key : NULL;
    return BT_OK;
}

void bt_listing_unread(bt_listing *listing) {
    listing->from = listing->key.id;
    listing->over = false;
    listing->keys_left++;
}

void bt_listing_end(const bt_listing *listing, char ret_token[BT_PAGE_TOKEN_TEXT_SIZE]) {
    bt_key_id id;
    bt_bytes row;
    ret_token[0] = '\0';
    if (listing->over) return;
    if (bt_snapshot_seek(listing->session->snapshot, &listing->from, &id, &row) == BT_ERR_NOT_FOUND)
        return;
    filters all = filters_of(listing);
    bt_page_token_make(pepper_of(listing), bt_bytes_of(all.bytes, all.size), &listing->from,
                       ret_token);
}
