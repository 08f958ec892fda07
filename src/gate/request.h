/* A request as a proxy tells it: what a door reads out of its protocol, and all that the gate looks at. Views; they
 * hold as long as the door says. */
#ifndef BT_GATE_REQUEST_H
#define BT_GATE_REQUEST_H

#include "base/bytes.h"
#include "base/err.h"

#define BT_GATE_HEADERS_MAX 512u

typedef struct bt_field {
    bt_bytes name;
    bt_bytes value;
} bt_field;

/* What the proxy's own configuration says about a request: context_extensions, or the query of a forward-auth
 * address. Data is NULL where it does not say. */
typedef struct bt_gate_context {
    bt_bytes scope; /* names with commas between them */
    bt_bytes match; /* all, any */
    bt_bytes environment;
    bt_bytes resource;
} bt_gate_context;

/* BT_ERR_INVALID for a name that is not one of the above (a typing error in it would leave a route unguarded), for
 * one that is said twice, and for an empty value. */
bt_err bt_gate_context_set(bt_gate_context *context, bt_bytes name, bt_bytes value,
                           bt_fault *fault);

typedef struct bt_gate_request {
    bt_bytes method;
    bt_bytes host;
    bt_bytes target;         /* path and query */
    const bt_field *headers; /* as many as were sent; names in any letter case */
    size_t headers_count;
    bt_bytes peer; /* the address of who connected to the proxy; empty: not known */
    bt_bytes body;
    bool body_cut; /* the proxy did not hand over all of it */
    bool odd;      /* the door saw something that other readers may take differently: deny */
    bt_gate_context context;
} bt_gate_request;

/* Whether a text of the size of `lower` is the same without regard to letter case. `lower` is in lower case. */
bool bt_letters_equal(const uint8_t *text, bt_bytes lower);

/* Names are compared without regard to letter case. `name` is in lower case. */
static inline bool bt_field_is(bt_bytes field_name, bt_bytes name) {
    return field_name.size == name.size && bt_letters_equal(field_name.data, name);
}

#endif
