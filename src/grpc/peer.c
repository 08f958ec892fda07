#include <grpc/support/alloc.h>

#include "grpc/core.h"

/* From "ipv4:192.0.2.1:4711" or "ipv6:%5B2001:db8::1%25eth0%5D:4711" what stands between the scheme and the
 * zone or the port. */
static bt_bytes host_of(const char *peer) {
    static const char bracket[] = "%5B";
    const char *host = peer + sizeof "ipv4:" - 1;
    bool is_6 = strncmp(peer, "ipv6:", 5) == 0;
    if (is_6 && strncmp(host, bracket, sizeof bracket - 1) == 0) host += sizeof bracket - 1;
    const char *end = is_6 ? strchr(host, '%') : strrchr(host, ':');
    return end ? bt_bytes_of(host, (size_t)(end - host)) : (bt_bytes){0};
}

void bt_grpc_peer(const bt_call *base, bt_address *address) {
    char *peer = grpc_call_get_peer(((const bt_grpc_call *)base)->call);
    bt_address found;
    bool is_network = strncmp(peer, "ipv4:", 5) == 0 || strncmp(peer, "ipv6:", 5) == 0;
    if (is_network && bt_address_parse(host_of(peer), &found)) *address = found;
    gpr_free(peer);
}
