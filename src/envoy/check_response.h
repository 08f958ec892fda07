/* CheckResponse of envoy.service.auth.v3. */
#ifndef BT_ENVOY_CHECK_RESPONSE_H
#define BT_ENVOY_CHECK_RESPONSE_H

#include "gate/gate.h"
#include "rpc/wire.h"

/* out->full where it does not fit. say_broken: see bt_gate_options. */
void bt_envoy_response_write(const bt_gate_decision *decision, bool say_broken, bt_out *out);

#endif
