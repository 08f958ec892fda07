#include "rpc/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOST_MAX 64u

static bool port_parse(const char *text, in_port_t *ret_port) {
    unsigned port = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        port = port * 10 + (unsigned)(*text - '0');
        if (port > UINT16_MAX) return false;
    }
    *ret_port = htons((uint16_t)port);
    return true;
}

static bt_err unix_parse(const char *path, bt_socket_address *ret_address, bt_fault *fault) {
    struct sockaddr_un *socket = (struct sockaddr_un *)&ret_address->socket;
    if (path[0] != '/')
        return bt_fail(fault, BT_ERR_INVALID, "address unix:%s: the path must begin with /", path);
    socket->sun_family = AF_UNIX;
    if (!bt_bytes_copy_text(bt_bytes_text(path), socket->sun_path, sizeof socket->sun_path))
        return bt_fail(fault, BT_ERR_INVALID, "address unix:%s: the path has over %zu bytes", path,
                       sizeof socket->sun_path - 1);
    ret_address->size = sizeof *socket;
    ret_address->local = true;
    return BT_OK;
}

static bool ipv4_parse(const char *host, in_port_t port, bt_socket_address *ret_address) {
    struct sockaddr_in *socket = (struct sockaddr_in *)&ret_address->socket;
    if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &socket->sin_addr) != 1) return false;
    socket->sin_family = AF_INET;
    socket->sin_port = port;
    ret_address->size = sizeof *socket;
    ret_address->local = ntohl(socket->sin_addr.s_addr) >> 24 == 127;
    return true;
}

static bool ipv6_parse(const char *host, in_port_t port, bt_socket_address *ret_address) {
    struct sockaddr_in6 *socket = (struct sockaddr_in6 *)&ret_address->socket;
    if (inet_pton(AF_INET6, host, &socket->sin6_addr) != 1) return false;
    socket->sin6_family = AF_INET6;
    socket->sin6_port = port;
    ret_address->size = sizeof *socket;
    ret_address->local = IN6_IS_ADDR_LOOPBACK(&socket->sin6_addr);
    return true;
}

static bool host_port_parse(const char *text, bt_socket_address *ret_address) {
    const char *colon = strrchr(text, ':');
    in_port_t port;
    char host[HOST_MAX];
    if (!colon || !port_parse(colon + 1, &port)) return false;
    bt_bytes name = bt_bytes_of(text, (size_t)(colon - text));
    if (name.size >= 2 && name.data[0] == '[' && name.data[name.size - 1] == ']')
        return bt_bytes_copy_text(bt_bytes_of(name.data + 1, name.size - 2), host, sizeof host) &&
               ipv6_parse(host, port, ret_address);
    return bt_bytes_copy_text(name, host, sizeof host) && ipv4_parse(host, port, ret_address);
}

bt_err bt_socket_address_parse(const char *text, bt_socket_address *ret_address, bt_fault *fault) {
    static const char prefix[] = "unix:";
    bt_socket_address address = {0};
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        BT_TRY(unix_parse(text + sizeof prefix - 1, &address, fault));
    else if (!host_port_parse(text, &address))
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: must be like 127.0.0.1:9494, [::1]:9494 or unix:/path", text);
    *ret_address = address;
    return BT_OK;
}

/* Whether a server answers at the path of a socket; 0, or an errno. */
static int knock(const bt_socket_address *address) {
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) return errno;
    int error =
        connect(probe, (const struct sockaddr *)&address->socket, address->size) ? errno : 0;
    close(probe);
    return error;
}

bt_err bt_socket_path_clear(const bt_socket_address *address, bt_fault *fault) {
    const char *path = ((const struct sockaddr_un *)&address->socket)->sun_path;
    struct stat status;
    if (lstat(path, &status)) return BT_OK;
    if (!S_ISSOCK(status.st_mode))
        return bt_fail(fault, BT_ERR_EXISTS, "address unix:%s: there is a file that is no socket",
                       path);
    int error = knock(address);
    if (error == 0 || error == EAGAIN)
        return bt_fail(fault, BT_ERR_EXISTS,
                       "address unix:%s: another server listens there; stop it or choose another "
                       "path",
                       path);
    if (error != ECONNREFUSED || unlink(path))
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "address unix:%s: cannot be replaced: %s", path,
                       strerror(error == ECONNREFUSED ? errno : error));
    return BT_OK;
}

bt_err bt_listener_refused(const bt_listener_options *options, int error, bt_fault *fault) {
    if (error == EADDRINUSE)
        return bt_fail(fault, BT_ERR_EXISTS,
                       "address %s: in use by another program; stop it or choose another",
                       options->address);
    return bt_fail(fault, BT_ERR_UNAVAILABLE, "address %s: cannot listen there: %s",
                   options->address, strerror(error));
}

mode_t bt_listener_umask(const bt_listener_options *options) {
    return options->policy.trusted ? 0177 : 0111;
}

static bt_err check_tls(const bt_listener_options *options, bt_fault *fault) {
    if (!options->tls_cert != !options->tls_key)
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: TLS needs a certificate and its key, not one of them",
                       options->address);
    if (options->tls_client_ca && !options->tls_cert)
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: clients' certificates need a certificate of the server's",
                       options->address);
    return BT_OK;
}

static bt_err check_reach(const bt_listener_options *options, const bt_socket_address *address,
                          bt_fault *fault) {
    if (address->local || options->insecure) return BT_OK;
    if (options->policy.trusted)
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: whoever reaches a trusted listener may ask without a "
                       "credential, so it must be loopback or unix:",
                       options->address);
    if (!options->tls_cert)
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: off loopback, credentials need TLS (a certificate and a key)",
                       options->address);
    return BT_OK;
}

bt_err bt_listener_check(const bt_listener_options *options, bt_fault *fault) {
    bt_socket_address address;
    BT_TRY(bt_socket_address_parse(options->address, &address, fault));
    BT_TRY(check_tls(options, fault));
    BT_TRY(check_reach(options, &address, fault));
    if (options->policy.environment[0] && !options->policy.trusted)
        return bt_fail(fault, BT_ERR_INVALID,
                       "address %s: a guarded listener takes its environment from the caller's key",
                       options->address);
    return BT_OK;
}

int bt_socket_address_port(const bt_socket_address *address) {
    if (address->socket.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
    if (address->socket.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    return 0;
}
