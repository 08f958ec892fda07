/* Names of scopes, as clients write them, to bits. */
#ifndef BT_CHECK_SCOPE_NAMES_H
#define BT_CHECK_SCOPE_NAMES_H

#include "scope/catalogue.h"

/* Retired scopes too. BT_ERR_INVALID for an unknown name, saying which ones there are. */
bt_err bt_scope_names_resolve(const bt_catalogue *catalogue, const bt_bytes *names, size_t count,
                              uint64_t *ret_bits, bt_fault *fault);

/* BT_ERR_INVALID where the mask of a request has bit 63. */
bt_err bt_scope_mask_check(uint64_t mask, bt_fault *fault);

#endif
