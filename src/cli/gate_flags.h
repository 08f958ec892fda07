/* The flags of `serve` for requests that come by way of a proxy. */
#ifndef BT_CLI_GATE_FLAGS_H
#define BT_CLI_GATE_FLAGS_H

#include "cli/options.h"
#include "gate/gate.h"

typedef struct bt_gate_flags {
    const char *routes;
    bt_list headers;
    bt_list parameters;
    const char *trusted_hops;
    bool keep_credential;
    bool send_metadata;
    bool say_broken;
} bt_gate_flags;

/* `flags` is a bt_gate_flags. */
#define BT_GATE_FLAGS(flags)                                                                       \
    {.name = "routes",                                                                             \
     .value = "FILE",                                                                              \
     .help = "route table: what requests behind a proxy need; SIGHUP reads it again",              \
     .text = &(flags).routes},                                                                     \
        {.name = "credential-header",                                                              \
         .value = "NAME",                                                                          \
         .help = "where their key is (default: authorization, x-api-key)",                         \
         .list = &(flags).headers},                                                                \
        {.name = "credential-parameter",                                                           \
         .value = "NAME",                                                                          \
         .help = "take a key from the query, too (default: never)",                                \
         .list = &(flags).parameters},                                                             \
        {.name = "keep-credential",                                                                \
         .help = "leave the key in the request for upstream",                                      \
         .on = &(flags).keep_credential},                                                          \
        {.name = "send-metadata",                                                                  \
         .help = "give upstream the key's metadata as x-bitting-metadata",                         \
         .on = &(flags).send_metadata},                                                            \
        {.name = "trusted-hops",                                                                   \
         .value = "N",                                                                             \
         .help = "the client is the N-th from the right in x-forwarded-for (default: 0, "          \
                 "the proxy's peer)",                                                              \
         .text = &(flags).trusted_hops},                                                           \
    {                                                                                              \
        .name = "ext-authz-errors",                                                                \
        .help = "tell Envoy of an outage of bitting's own as one, instead of denying",             \
        .on = &(flags).say_broken                                                                  \
    }

/* False, and *ret_wrong says what is wrong, where a value is no number, or one too many. */
bool bt_gate_flags_read(const bt_gate_flags *flags, bt_gate_options *ret_options,
                        const char **ret_wrong);

#endif
