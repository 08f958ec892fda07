/* JSON for programs: the objects of proto/bitting/v1 as protobuf's JSON writes them, with the names of the
 * .proto files. 64-bit numbers are therefore strings, times RFC 3339, and absent times are left out.
 *
 * Nothing here fails: where memory ends, the program ends. */
#ifndef BT_CLI_JSON_H
#define BT_CLI_JSON_H

#include <jansson.h>

#include "scope/catalogue.h"
#include "service/key.h"

/* Once, before any other call: memory of jansson is wiped when it is given back, since a token passes
 * through it. */
void bt_json_init(void);

/* Takes the value over. */
void bt_json_put(json_t *object, const char *name, json_t *value);
void bt_json_put_text(json_t *object, const char *name, bt_bytes text);
void bt_json_put_u64(json_t *object, const char *name, uint64_t value);
/* BT_NEVER_MS and 0 are left out. */
void bt_json_put_time(json_t *object, const char *name, int64_t time_ms);
/* KEY_KIND_BACKEND from KEY_KIND_ and "backend". */
void bt_json_put_enum(json_t *object, const char *name, const char *prefix, const char *value);

/* The names of a mask's bits. */
json_t *bt_json_scopes(const bt_catalogue *catalogue, uint64_t mask);
/* A bitting.v1.Key. */
json_t *bt_json_key(const bt_key *key, const bt_catalogue *catalogue);

/* On standard output, with a newline; takes the value over and wipes what it was written from. False where
 * it could not be written. */
bool bt_json_print(json_t *value);

#endif
