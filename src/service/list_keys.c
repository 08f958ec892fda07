#include "service/list_keys.h"

#include <inttypes.h>

#include "service/text.h"
#include "store/stops.h"

/* An owner that was deleted more often is looked for among all keys: each incarnation costs a look-up a key. */
#define INCARNATIONS_MAX 16u

static const bt_pepper *pepper_of(const bt_listing *listing) {
    return bt_store_pepper(listing->session->service->store);
}

static void seal_filters(const bt_listing *listing, uint8_t ret_seal[BT_SEAL_SIZE]) {
    uint8_t environment = listing->environment ? listing->environment->id : 0;
    bt_list_filters_seal(&listing->request->filters, pepper_of(listing), environment, ret_seal);
}

static bt_err read_page_token(bt_listing *listing, bt_fault *fault) {
    uint8_t seal[BT_SEAL_SIZE];
    bt_bytes text = listing->request->page_token;
    if (text.size == 0) return BT_OK;
    seal_filters(listing, seal);
    if (bt_page_token_read(pepper_of(listing), bt_bytes_of(seal, sizeof seal), text,
                           &listing->from))
        return BT_OK;
    return bt_fail(fault, BT_ERR_INVALID,
                   "page_token: is not the next_page_token of a listing with these filters");
}

static bt_err choose_index(bt_listing *listing, bt_fault *fault) {
    const bt_list_filters *filters = &listing->request->filters;
    bool user = filters->user_id.size > 0;
    if (!listing->environment || !(user || filters->org_id.size)) return BT_OK;
    listing->owner_kind = user ? BT_OWNER_USER : BT_OWNER_ORG;
    listing->owner_id = user ? filters->user_id : filters->org_id;
    bt_err err =
        bt_snapshot_incarnation(listing->session->snapshot, listing->environment->id,
                                listing->owner_kind, listing->owner_id, &listing->incarnations);
    if (err) return bt_fail(fault, err, "the store's table of owners cannot be read");
    listing->incarnations++;
    listing->by_owner = listing->incarnations <= INCARNATIONS_MAX;
    return BT_OK;
}

bt_err bt_listing_begin(bt_listing *listing, bt_session *session, const bt_caller *caller,
                        const bt_list_keys *request, bt_arena *arena, bt_fault *fault) {
    bt_snapshot *snapshot = session->snapshot;
    if (request->page_size < 0 || request->page_size > BT_LIST_PAGE_MAX)
        return bt_fail(fault, BT_ERR_INVALID, "page_size: is %" PRId64 "; 0 to %d are right",
                       request->page_size, BT_LIST_PAGE_MAX);
    *listing = (bt_listing){.session = session,
                            .request = request,
                            .arena = arena,
                            .arena_start = arena->used,
                            .now_ms = bt_clock_ms(),
                            .rows_left = BT_LIST_ROWS_MAX};
    listing->keys_left = (size_t)(request->page_size ? request->page_size : BT_LIST_PAGE_DEFAULT);
    BT_TRY(bt_list_filters_check(&request->filters, bt_snapshot_catalogue(snapshot),
                                 &listing->scope, fault));
    BT_TRY(bt_caller_environment(caller, bt_snapshot_environments(snapshot),
                                 request->filters.environment, &listing->environment, fault));
    BT_TRY(choose_index(listing, fault));
    return read_page_token(listing, fault);
}

/* The first key of the owner whose id is not below `from`, whichever incarnation it was made for. */
static bt_err seek_owned(const bt_listing *listing, bt_key_id *ret_id) {
    bool found = false;
    for (uint32_t i = 0; i < listing->incarnations; i++) {
        bt_owner_ref ref =
            bt_owner_ref_make(listing->environment->id, listing->owner_kind, listing->owner_id, i);
        bt_key_id id;
        bt_err err =
            bt_snapshot_seek_owned(listing->session->snapshot, ref.bytes, &listing->from, &id);
        if (err == BT_ERR_NOT_FOUND) continue;
        if (err) return err;
        if (!found || memcmp(id.bytes, ret_id->bytes, sizeof id.bytes) < 0) *ret_id = id;
        found = true;
    }
    return found ? BT_OK : BT_ERR_NOT_FOUND;
}

static bt_err seek(const bt_listing *listing, bt_key_id *ret_id, bt_bytes *ret_row) {
    bt_snapshot *snapshot = listing->session->snapshot;
    if (!listing->by_owner) return bt_snapshot_seek(snapshot, &listing->from, ret_id, ret_row);
    BT_TRY(seek_owned(listing, ret_id));
    bt_err err = bt_snapshot_detail(snapshot, ret_id, ret_row);
    return err == BT_ERR_NOT_FOUND ? BT_ERR_INTERNAL : err;
}

/* Whether it is a key of the listing, which is then in listing->key. */
static bool judge(bt_listing *listing, const bt_key_rows *rows) {
    bt_snapshot *snapshot = listing->session->snapshot;
    const bt_list_filters *filters = &listing->request->filters;
    const bt_environment *environment =
        bt_environment_by_id(bt_snapshot_environments(snapshot), rows->record->environment);
    if (listing->environment && listing->environment->id != rows->record->environment) return false;
    bt_key_state state = bt_key_rows_state(rows, environment, listing->now_ms);
    const bt_catalogue *catalogue = bt_snapshot_catalogue(snapshot);
    if (!bt_list_filters_match(filters, listing->scope, rows, catalogue, state)) return false;
    bt_key_rows_describe(snapshot, rows, listing->now_ms, &listing->key);
    return !filters->preset_drifted || listing->key.preset_drifted;
}

/* Looks at one row. */
static bt_err look(bt_listing *listing, bool *ret_found, bt_fault *fault) {
    bt_key_id id;
    bt_bytes row;
    bt_key_rows rows;
    *ret_found = false;
    bt_err err = listing->over ? BT_ERR_NOT_FOUND : seek(listing, &id, &row);
    listing->over = err == BT_ERR_NOT_FOUND;
    if (listing->over) return BT_OK;
    if (err) return bt_fail(fault, err, "the store's table of keys cannot be read");
    listing->arena->used = listing->arena_start;
    BT_TRY(bt_key_rows_read(listing->session->snapshot, &id, row, listing->arena, &rows, fault));
    *ret_found = judge(listing, &rows);
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
    uint8_t seal[BT_SEAL_SIZE];
    ret_token[0] = '\0';
    if (listing->over || seek(listing, &id, &row) == BT_ERR_NOT_FOUND) return;
    seal_filters(listing, seal);
    bt_page_token_make(pepper_of(listing), bt_bytes_of(seal, sizeof seal), &listing->from,
                       ret_token);
}
