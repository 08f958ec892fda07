#include "tables.h"

#include <check.h>
#include <stdlib.h>

#include "route/routes.h"

const bt_catalogue *test_catalogue(void) {
    static bt_catalogue catalogue;
    bt_catalogue_default(&catalogue);
    return &catalogue;
}

bt_route_table *test_table(const char *text) {
    bt_fault fault = {0};
    bt_route_table *table = NULL;
    bt_route_table_read(bt_bytes_text(text), test_catalogue(), &table, &fault);
    ck_assert_msg(table != NULL, "refused: %s", fault.text);
    return table;
}

const char *test_refusal(const char *text) {
    static bt_fault fault;
    bt_route_table *table = NULL;
    fault = (bt_fault){0};
    bt_err err = bt_route_table_read(bt_bytes_text(text), test_catalogue(), &table, &fault);
    ck_assert_msg(err != BT_OK && !table, "taken:\n%s", text);
    return fault.text;
}

bt_route_table *test_shipped_table(void) {
    char *text;
    size_t size;
    bt_fault fault = {0};
    bt_route_table *table = NULL;
    ck_assert_int_eq(bt_routes_read_file("deploy/routes/backend-api.yaml", &text, &size, &fault),
                     BT_OK);
    bt_route_table_read(bt_bytes_of(text, size), test_catalogue(), &table, &fault);
    ck_assert_msg(table != NULL, "refused: %s", fault.text);
    free(text);
    return table;
}

bt_route_match test_match(const bt_route_table *table, const char *method, const char *host,
                          bt_bytes target, const bt_target **ret_target) {
    static bt_target parsed;
    bt_route_match match;
    bt_route_request request = {bt_bytes_text(method), bt_bytes_text(host), target};
    bt_route_table_match(table, &request, &parsed, &match);
    if (ret_target) *ret_target = &parsed;
    return match;
}
