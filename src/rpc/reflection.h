/* grpc.reflection: what the program serves, for tools. v1 and v1alpha have the same messages. Needs no
 * state. A BT_METHOD_DIALOGUE of BT_METHOD_OPEN. */
#ifndef BT_RPC_REFLECTION_H
#define BT_RPC_REFLECTION_H

#include "rpc/call.h"

#define BT_REFLECTION_PATH "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
#define BT_REFLECTION_ALPHA_PATH "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
#define BT_REFLECTION_REQUEST_MAX 2048u
#define BT_REFLECTION_ARENA ((size_t)256 << 10)

void bt_reflection_ask(bt_call *call);

#endif
