/* bitting.v1.Category, Scope and Preset, as fields of the message outside. */
#ifndef BT_RPC_CATALOGUE_MESSAGES_H
#define BT_RPC_CATALOGUE_MESSAGES_H

#include "rpc/wire.h"
#include "scope/catalogue.h"

/* held: what is selected. */
void bt_category_write_field(const bt_catalogue *catalogue, const bt_category *category,
                             uint64_t held, bool include_retired, unsigned field, bt_out *out);

void bt_preset_write_field(const bt_catalogue *catalogue, const bt_preset *preset, unsigned field,
                           bt_out *out);

#endif
