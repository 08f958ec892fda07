/* Handlers of bitting.v1.ScopeService. */
#ifndef BT_RPC_SCOPE_SERVICE_H
#define BT_RPC_SCOPE_SERVICE_H

#include "rpc/call.h"

#define BT_SCOPE_REQUEST_MAX 1024u
/* The largest catalogue there can be is 30 KiB of scopes, and 300 KiB of presets, each of which names all scopes. */
#define BT_SCOPES_ARENA ((size_t)64 << 10)
#define BT_PRESETS_ARENA ((size_t)384 << 10)

void bt_rpc_list_scopes(bt_call *call);
void bt_rpc_list_presets(bt_call *call);

#endif
