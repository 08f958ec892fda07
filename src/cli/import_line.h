/* A line of `key import`: an object of JSON that says what a key is known by, and what it is. */
#ifndef BT_CLI_IMPORT_LINE_H
#define BT_CLI_IMPORT_LINE_H

#include <jansson.h>

#include "service/import_keys.h"

/* ret_object is the caller's to give back (json_decref), and has what the item views. BT_ERR_INVALID, naming the field;
 * nothing of the line is in the text. */
bt_err bt_import_line_read(bt_bytes line, json_t **ret_object, bt_import_item *ret_item,
                           bt_fault *fault);

/* bt_import_keys.read for such items: what the key is to be. */
bt_err bt_import_line_key(bt_bytes item, bt_create_key_request *ret_request, bt_fault *fault);

#endif
