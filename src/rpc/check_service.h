/* bitting.v1.CheckService: see proto/bitting/v1/check.proto. The first two allocate nothing. */
#ifndef BT_RPC_CHECK_SERVICE_H
#define BT_RPC_CHECK_SERVICE_H

#include "rpc/call.h"

/* A token may be anything that fits, so there is room for what nobody would take for one. */
#define BT_CHECK_REQUEST_MAX ((size_t)64 << 10)
#define BT_BATCH_REQUEST_MAX ((size_t)1 << 20)
#define BT_BATCH_ARENA BT_CALL_ARENA_MAX

/* Each with what is to be its bt_method.prepare. */
bool bt_rpc_prepare_validate(bt_call *call);
void bt_rpc_validate(bt_call *call);
bool bt_rpc_prepare_check_scope(bt_call *call);
void bt_rpc_check_scope(bt_call *call);
void bt_rpc_batch_check_scope(bt_call *call);

#endif
