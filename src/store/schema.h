/* What makes a file a store of ours, and of which schema. */
#ifndef BT_STORE_SCHEMA_H
#define BT_STORE_SCHEMA_H

#include "key/digest.h"
#include "store/tables.h"

/* Makes the file `path` (which must not be there, under a name that nobody opens) with the rows of
 * a new store: environment `test`, the shipped catalogue. On disk on return, but for its entry in
 * the directory. */
bt_err bt_schema_make(const char *path, const bt_pepper *pepper, bt_fault *fault);

/* Opens the tables of an open file. BT_ERR_PRECONDITION: not a store of ours, of another schema
 * (ret_older: an older one), or made with another pepper. upgrade: an older schema is brought up to
 * this one, in one transaction. */
bt_err bt_schema_open(MDB_env *env, const char *path, bool upgrade, const bt_pepper *pepper,
                      bt_tables *ret_tables, bool *ret_older, bt_fault *fault);

#endif
