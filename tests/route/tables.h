/* Tables for tests. */
#ifndef BT_TESTS_ROUTE_TABLES_H
#define BT_TESTS_ROUTE_TABLES_H

#include "route/table.h"

/* The shipped catalogue. */
const bt_catalogue *test_catalogue(void);

/* Reads text, and fails the test where it is refused. */
bt_route_table *test_table(const char *text);

/* Reads text, and fails the test where it is taken. The fault's text. */
const char *test_refusal(const char *text);

/* deploy/routes/backend-api.yaml. Tests run at the root of the source tree. */
bt_route_table *test_shipped_table(void);

/* The target is kept until the next call, for the match to point into. */
bt_route_match test_match(const bt_route_table *table, const char *method, const char *host,
                          bt_bytes target, const bt_target **ret_target);

#endif
