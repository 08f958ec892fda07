#include "cli/gate_flags.h"

#include <stdlib.h>

#define HOPS_MAX 32

static bool take_names(const bt_list *list, bt_bytes *ret_names, size_t *ret_count) {
    if (list->count > BT_GATE_SOURCES_MAX) return false;
    memcpy(ret_names, list->items, list->count * sizeof *ret_names);
    *ret_count = list->count;
    return true;
}

static bool take_hops(const char *text, unsigned *ret_hops) {
    char *end;
    if (!text) return true;
    long hops = strtol(text, &end, 10);
    if (end == text || *end || hops < 0 || hops > HOPS_MAX) return false;
    *ret_hops = (unsigned)hops;
    return true;
}

bool bt_gate_flags_read(const bt_gate_flags *flags, bt_gate_options *ret_options,
                        const char **ret_wrong) {
    bt_gate_options options = {.keep_credential = flags->keep_credential,
                               .send_metadata = flags->send_metadata,
                               .say_broken = flags->say_broken,
                               .routes_file = flags->routes};
    *ret_wrong = "--credential-header is at most 8 names";
    if (!take_names(&flags->headers, options.headers, &options.headers_count)) return false;
    *ret_wrong = "--credential-parameter is at most 8 names";
    if (!take_names(&flags->parameters, options.parameters, &options.parameters_count))
        return false;
    *ret_wrong = "--trusted-hops is a number from 0 to 32";
    if (!take_hops(flags->trusted_hops, &options.trusted_hops)) return false;
    *ret_options = options;
    return true;
}
