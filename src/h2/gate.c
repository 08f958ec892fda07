#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "h2/acceptor.h"

#define BACKLOG 1024

/* A socket that a server left behind when it was killed refuses connections; one that is served does not. */
static bool is_left_behind(const bt_socket_address *address) {
    const struct sockaddr_un *socket_path = (const struct sockaddr_un *)&address->socket;
    struct stat info;
    if (lstat(socket_path->sun_path, &info) || !S_ISSOCK(info.st_mode)) return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    int result = connect(fd, (const struct sockaddr *)&address->socket, address->size);
    bool refused = result && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int bind_unix(int fd, const bt_socket_address *address, bt_h2_gate *ret_gate) {
    const struct sockaddr_un *path = (const struct sockaddr_un *)&address->socket;
    if (is_left_behind(address)) unlink(path->sun_path);
    mode_t before = umask(0117); /* owner and group may connect */
    int result = bind(fd, (const struct sockaddr *)&address->socket, address->size);
    umask(before);
    if (!result)
        bt_bytes_copy_text(bt_bytes_text(path->sun_path), ret_gate->path, sizeof ret_gate->path);
    return result;
}

static int bind_tcp(int fd, const bt_socket_address *address) {
    const int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) return -1;
    /* Accepted sockets inherit it. */
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on)) return -1;
    return bind(fd, (const struct sockaddr *)&address->socket, address->size);
}

static bt_err gate_bind(const bt_socket_address *address, const char *text, bt_h2_gate *gate,
                        bt_fault *fault) {
    sa_family_t family = address->socket.ss_family;
    gate->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (gate->fd < 0)
        return bt_fail(fault, BT_ERR_UNAVAILABLE, "address %s: %s", text, strerror(errno));
    int result =
        family == AF_UNIX ? bind_unix(gate->fd, address, gate) : bind_tcp(gate->fd, address);
    if (!result) result = listen(gate->fd, BACKLOG);
    if (!result) return BT_OK;
    bt_err err = errno == EADDRINUSE ? BT_ERR_EXISTS : BT_ERR_UNAVAILABLE;
    bt_fail(fault, err, "address %s: cannot listen there: %s", text, strerror(errno));
    bt_h2_gate_close(gate);
    return err;
}

bt_err bt_h2_gate_open(const bt_listener_options *options, bt_h2_gate *ret_gate, bt_fault *fault) {
    bt_socket_address address;
    bt_h2_gate gate = {.fd = -1, .policy = options->policy};
    BT_TRY(bt_listener_check(options, fault));
    BT_TRY(bt_socket_address_parse(options->address, &address, fault));
    BT_TRY(bt_h2_tls_new(options, &gate.tls, fault));
    bt_err err = gate_bind(&address, options->address, &gate, fault);
    if (err) {
        bt_h2_tls_free(gate.tls);
        return err;
    }
    *ret_gate = gate;
    return BT_OK;
}

void bt_h2_gate_close(bt_h2_gate *gate) {
    if (gate->fd >= 0) close(gate->fd);
    gate->fd = -1;
    if (gate->path[0]) unlink(gate->path);
    gate->path[0] = '\0';
}

int bt_h2_gate_port(const bt_h2_gate *gate) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(gate->fd, (struct sockaddr *)&address, &size)) return 0;
    if (address.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}
