/* Asks ext_authz the way a proxy does, without a transport between: requests are made and answers are read by
 * protobuf-c, which shares no code with the program's own reading and writing. */
#ifndef BT_TESTS_ENVOY_ASKER_H
#define BT_TESTS_ENVOY_ASKER_H

#include "envoy/service/auth/v3/external_auth.pb-c.h"
#include "gate/gate.h"
#include "rpc/call.h"
#include "support/house.h"
#include "unit.h"

#define ASKER_FIELDS 600

typedef struct asker_field {
    const char *name;
    bt_bytes value;
} asker_field;

typedef struct asker {
    test_house house;
    bt_gate *gate;
    bool guarded;           /* or trusted, with the environment `test`: */
    const char *credential; /* of the caller on a guarded listener */

    /* The request. */
    const char *method, *path, *host, *fragment, *peer;
    bool raw;        /* headers as a header_map of raw values */
    bool connection; /* no HTTP at all */
    bt_bytes body, raw_body;
    asker_field headers[ASKER_FIELDS], context[32];
    size_t headers_count, context_count;

    /* The last answer. */
    unsigned ends; /* one is right */
    bt_fault fault;
    uint8_t message[256 << 10];
    size_t message_size;
    Envoy__Service__Auth__V3__CheckResponse *answer;
} asker;

void asker_open(asker *self, const bt_gate_options *options);
void asker_close(asker *self);

/* A new request: GET /x of api.example.com from 192.0.2.7, without headers. */
void asker_come(asker *self);
void asker_header(asker *self, const char *name, const char *value);
void asker_context(asker *self, const char *name, const char *value);

/* Encodes the request; freed by the caller. */
bt_bytes asker_encode(const asker *self);

/* Sends bytes as the request. What the proxy would do: 200 lets in, anything else is the status of the denial, 0 stands
 * for an error_response. Fails the test where there is no answer, one that does not parse, or an RPC error. */
unsigned asker_send(asker *self, bt_bytes message);
/* Encodes and sends. */
unsigned asker_ask(asker *self);

/* A header that is set on the request or on the denial; NULL where there is none. */
const char *asker_set(const asker *self, const char *name);
bool asker_removes(const asker *self, const char *name);
/* A text of the dynamic metadata; scopes joined with a space; NULL where there is none. */
const char *asker_metadata(const asker *self, const char *name);

#endif
