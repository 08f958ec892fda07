/* Handlers of bitting.v1.OwnerService. */
#ifndef BT_RPC_OWNER_SERVICE_H
#define BT_RPC_OWNER_SERVICE_H

#include "rpc/call.h"

/* Two ids, and a name that is too long by far. */
#define BT_OWNER_REQUEST_MAX 4096u

void bt_rpc_stop_owner(bt_call *call);
void bt_rpc_resume_owner(bt_call *call);
void bt_rpc_delete_owner(bt_call *call);
void bt_rpc_end_membership(bt_call *call);
void bt_rpc_resume_membership(bt_call *call);
void bt_rpc_get_owner(bt_call *call);

#endif
