/* A house with a gate, and a request at it that a test fills in. Every decision is looked at for what none may have:
 * see door_ask. */
#ifndef BT_TESTS_GATE_DOOR_H
#define BT_TESTS_GATE_DOOR_H

#include "gate/gate.h"
#include "support/house.h"
#include "unit.h"

typedef struct door {
    test_house house;
    bt_gate *gate;
    char routes_file[320];
    bt_caller caller; /* a trusted listener for `test` */
    bt_gate_request request;
    bt_field headers[BT_GATE_HEADERS_MAX];
    bt_gate_decision decision; /* the last one */
    bt_arena arena;
    uint8_t block[BT_GATE_ARENA];
} door;

/* routes: the text of a table, or NULL. options may be NULL; its routes_file is set here. The request is GET /x from
 * 192.0.2.7. */
void door_open(door *self, const char *routes, bt_gate_options *options);
void door_close(door *self);

/* A new request without headers. */
void door_come(door *self, const char *method, const char *target);
void door_header(door *self, const char *name, const char *value);
void door_bearer(door *self, const house_key *key);
void door_context(door *self, const char *name, const char *value);

/* The status. Fails the test where a header of the answer is not fit to be sent, a header is set and removed, a denial
 * has no JSON, or an allowance leaves one of the family neither set nor removed. */
unsigned door_ask(door *self);

/* Asks, and fails the test where the answer is another. kind may be NULL. */
void door_expect(door *self, unsigned status, const char *kind);

const char *door_identity(const door *self, bt_identity_header header);
bool door_removes(const door *self, const char *name);
/* The value of a header of the denial; NULL where it has none. */
const char *door_reply(const door *self, const char *name);
const char *door_body(const door *self);

/* Binds a key to a network and to resources: either may be NULL. */
void door_narrow(door *self, const house_key *key, const char *network, const char *selector);

#endif
