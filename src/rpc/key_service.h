/* bitting.v1.KeyService: see proto/bitting/v1/key.proto. */
#ifndef BT_RPC_KEY_SERVICE_H
#define BT_RPC_KEY_SERVICE_H

#include "rpc/call.h"

#define BT_KEY_REQUEST_MAX ((size_t)64 << 10)

/* A page ends where its answer would be larger: clients take 4 MiB unless told. */
#define BT_LIST_ANSWER_MAX ((size_t)1 << 20)
#define BT_LIST_ARENA (BT_LIST_ANSWER_MAX + BT_DETAIL_ARENA + 64)

/* 1000 keys of some 4 KiB. */
#define BT_IMPORT_REQUEST_MAX ((size_t)4 << 20)

void bt_rpc_create_key(bt_call *call);
void bt_rpc_get_key(bt_call *call);
void bt_rpc_list_keys(bt_call *call);
void bt_rpc_revoke_key(bt_call *call);
void bt_rpc_update_key(bt_call *call);
void bt_rpc_rotate_key(bt_call *call);
void bt_rpc_import_keys(bt_call *call);

#endif
