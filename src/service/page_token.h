/* Page tokens: where a listing goes on. Opaque to clients, and bound to the filters of the listing by
 * a keyed hash, so that one which was changed, made up, or taken from another listing is refused. */
#ifndef BT_SERVICE_PAGE_TOKEN_H
#define BT_SERVICE_PAGE_TOKEN_H

#include "key/digest.h"
#include "key/key_id.h"

#define BT_PAGE_TOKEN_TEXT_SIZE (2 * (BT_KEY_ID_SIZE + BT_SEAL_SIZE) + 1) /* with its NUL */

/* filters: anything that tells one listing from another. */
void bt_page_token_make(const bt_pepper *pepper, bt_bytes filters, const bt_key_id *from,
                        char ret_text[BT_PAGE_TOKEN_TEXT_SIZE]);

/* False where it was not made with this pepper for these filters. */
bool bt_page_token_read(const bt_pepper *pepper, bt_bytes filters, bt_bytes text,
                        bt_key_id *ret_from);

#endif
