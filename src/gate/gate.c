#include <stdlib.h>

#include "gate/parts.h"

static const bt_gate_options default_options = {
    .headers = {{(const uint8_t *)"authorization", 13}, {(const uint8_t *)"x-api-key", 9}},
    .headers_count = 2};

/* Lower-case, of RFC 9110's token characters without the odd ones. */
static bool is_header_name(bt_bytes name) {
    if (!name.size || name.size > 64) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-')
            return false;
    }
    return !bt_bytes_starts_with(name, BT_LITERAL("x-bitting-"));
}

static bool is_parameter_name(bt_bytes name) {
    if (!name.size || name.size > 64) return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t byte = name.data[i];
        if (!bt_target_plain(byte) || byte == '&' || byte == '=' || byte == '+') return false;
    }
    return true;
}

static bt_err check_options(const bt_gate_options *options, bt_fault *fault) {
    for (size_t i = 0; i < options->headers_count; i++)
        if (!is_header_name(options->headers[i]))
            return bt_fail(
                fault, BT_ERR_INVALID,
                "\"%.*s\" is not the name of a header for a credential: lower-case letters, "
                "digits and hyphens, such as x-api-key",
                BT_BYTES_ARG(options->headers[i]));
    for (size_t i = 0; i < options->parameters_count; i++)
        if (!is_parameter_name(options->parameters[i]))
            return bt_fail(fault, BT_ERR_INVALID,
                           "\"%.*s\" is not the name of a parameter of the query, such as api_key",
                           BT_BYTES_ARG(options->parameters[i]));
    return BT_OK;
}

bt_err bt_gate_open(const bt_gate_options *options, const bt_catalogue *catalogue,
                    bt_gate **ret_gate, bt_fault *fault) {
    BT_TRY(check_options(options, fault));
    bt_gate *gate = calloc(1, sizeof *gate);
    if (!gate) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory");
    gate->options = *options;
    if (!options->headers_count) {
        memcpy(gate->options.headers, default_options.headers, sizeof gate->options.headers);
        gate->options.headers_count = default_options.headers_count;
    }
    pthread_mutex_init(&gate->lock, NULL);
    bt_err err = BT_OK;
    if (options->routes_file)
        err = bt_routes_open(options->routes_file, catalogue, &gate->routes, fault);
    if (err)
        bt_gate_close(gate);
    else
        *ret_gate = gate;
    return err;
}

bt_err bt_gate_reload(bt_gate *gate, const bt_catalogue *catalogue, bt_fault *fault) {
    return gate->routes ? bt_routes_reload(gate->routes, catalogue, fault) : BT_OK;
}

bt_gate *bt_gate_close(bt_gate *gate) {
    if (!gate) return NULL;
    while (gate->views) {
        bt_gate_view *view = gate->views;
        gate->views = view->next;
        bt_routes_view_drop(&view->routes, gate->routes);
        free(view);
    }
    bt_routes_close(gate->routes);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
    return NULL;
}

const bt_gate_options *bt_gate_options_of(const bt_session *session) {
    return session->service->gate ? &session->service->gate->options : &default_options;
}

bool bt_gate_says_broken(const bt_session *session) {
    return bt_gate_options_of(session)->say_broken;
}

static bt_gate_view *add_view(bt_gate *gate) {
    bt_gate_view *view = calloc(1, sizeof *view);
    if (!view) return NULL;
    pthread_mutex_lock(&gate->lock);
    view->next = gate->views;
    gate->views = view;
    pthread_mutex_unlock(&gate->lock);
    return view;
}

bt_gate_view *bt_gate_view_of(bt_session *session) {
    bt_gate *gate = session->service->gate;
    if (!session->gate_view && gate) session->gate_view = add_view(gate);
    return session->gate_view;
}

bt_err bt_gate_table(bt_session *session, const bt_routes_view **ret_view) {
    bt_gate *gate = session->service->gate;
    *ret_view = NULL;
    if (!gate || !gate->routes) return BT_OK;
    bt_gate_view *view = bt_gate_view_of(session);
    if (!view) return BT_ERR_EXHAUSTED;
    BT_TRY(bt_routes_view_renew(&view->routes, gate->routes,
                                bt_snapshot_catalogue(session->snapshot)));
    *ret_view = &view->routes;
    return BT_OK;
}
