/* Lists keys, page by page, in the order of their ids, which is that of their creation. Called between
 * renew and reset of the session's snapshot. */
#ifndef BT_SERVICE_LIST_KEYS_H
#define BT_SERVICE_LIST_KEYS_H

#include "service/list_filters.h"
#include "service/page_token.h"

#define BT_LIST_PAGE_DEFAULT 100
#define BT_LIST_PAGE_MAX 1000
/* Rows that one page looks at, so that a filter which matches nothing does not hold up others. */
#define BT_LIST_ROWS_MAX 4096u

typedef struct bt_list_keys {
    int64_t page_size;   /* 1 to 1000; 0: 100 */
    bt_bytes page_token; /* of the page before; empty: the first page */
    bt_list_filters filters;
} bt_list_keys;

/* One page, key by key:
 *
 *     bt_listing listing;
 *     BT_TRY(bt_listing_begin(&listing, session, caller, &request, &arena, fault));
 *     BT_TRY(bt_listing_next(&listing, &key, fault));
 *     for (; key; ...) { ...; BT_TRY(bt_listing_next(&listing, &key, fault)); }
 *     bt_listing_end(&listing, page_token);
 *
 * It may be ended before the page is full; the next page then begins where it stopped. */
typedef struct bt_listing {
    bt_session *session;
    const bt_list_keys *request;
    const bt_environment *environment; /* NULL: every one */
    uint64_t scope;                    /* the filter's bit */
    /* The keys of one owner are found by its index: by every incarnation that there was. */
    bool by_owner;
    bt_owner_kind owner_kind;
    bt_bytes owner_id;
    uint32_t incarnations;
    bt_arena *arena;
    size_t arena_start;
    int64_t now_ms;
    size_t keys_left;
    size_t rows_left;
    bt_key_id from; /* the next to look at */
    bool over;      /* no key is left after this page */
    bt_key key;
} bt_listing;

/* request must live as long as the listing, and the arena have BT_DETAIL_ARENA bytes free.
 * BT_ERR_INVALID, BT_ERR_FORBIDDEN. */
bt_err bt_listing_begin(bt_listing *listing, bt_session *session, const bt_caller *caller,
                        const bt_list_keys *request, bt_arena *arena, bt_fault *fault);

/* ret_key is NULL at the end of the page; otherwise it holds until the next call. */
bt_err bt_listing_next(bt_listing *listing, const bt_key **ret_key, bt_fault *fault);

/* Takes back the key that was handed out last: the next page begins with it. */
void bt_listing_unread(bt_listing *listing);

/* The page token that goes on from here; the empty string where no key is left. */
void bt_listing_end(const bt_listing *listing, char ret_token[BT_PAGE_TOKEN_TEXT_SIZE]);

#endif
