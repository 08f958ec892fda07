#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "h2/acceptor.h"

#define BACKLOG 1024

static int bind_unix(int fd, const bt_listener_options *options, const bt_socket_address *address,
                     bt_h2_gate *gate) {
    const struct sockaddr_un *path = (const struct sockaddr_un *)&address->socket;
    mode_t before = umask(bt_listener_umask(options));
    int result = bind(fd, (const struct sockaddr *)&address->socket, address->size);
    int error = errno;
    umask(before);
    errno = error;
    if (!result) bt_bytes_copy_text(bt_bytes_text(path->sun_path), gate->path, sizeof gate->path);
    return result;
}

static int bind_tcp(int fd, const bt_socket_address *address) {
    const int on = 1, idle_s = 120, probe_s = 15, probes = 4;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)) return -1;
    /* Accepted sockets inherit these. A peer that has gone without a word is found out in three minutes. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof probe_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    return bind(fd, (const struct sockaddr *)&address->socket, address->size);
}

static bt_err gate_bind(bt_h2_gate *gate, const bt_listener_options *options, bt_fault *fault) {
    bt_socket_address address;
    BT_TRY(bt_socket_address_parse(options->address, &address, fault));
    bool is_path = address.socket.ss_family == AF_UNIX;
    if (is_path) BT_TRY(bt_socket_path_clear(&address, fault));
    gate->fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = -1;
    if (gate->fd >= 0)
        result =
            is_path ? bind_unix(gate->fd, options, &address, gate) : bind_tcp(gate->fd, &address);
    if (!result) result = listen(gate->fd, BACKLOG);
    return result ? bt_listener_refused(options, errno, fault) : BT_OK;
}

bt_err bt_h2_gate_open(const bt_listener_options *options, bt_h2_gate *ret_gate, bt_fault *fault) {
    bt_h2_gate gate = {.fd = -1, .options = options, .policy = options->policy};
    BT_TRY(bt_listener_check(options, fault));
    BT_TRY(bt_h2_tls_new(options, &gate.tls, fault));
    bt_err err = gate_bind(&gate, options, fault);
    if (err) {
        bt_h2_gate_close(&gate);
        bt_h2_tls_free(gate.tls);
        return err;
    }
    *ret_gate = gate;
    pthread_mutex_init(&ret_gate->lock, NULL);
    return BT_OK;
}

SSL_CTX *bt_h2_gate_tls(bt_h2_gate *gate) {
    pthread_mutex_lock(&gate->lock);
    SSL_CTX *tls = bt_h2_tls_share(gate->tls);
    pthread_mutex_unlock(&gate->lock);
    return tls;
}

bt_err bt_h2_gate_reload(bt_h2_gate *gate, bt_fault *fault) {
    SSL_CTX *tls;
    BT_TRY(bt_h2_tls_new(gate->options, &tls, fault));
    pthread_mutex_lock(&gate->lock);
    SSL_CTX *before = gate->tls;
    gate->tls = tls;
    pthread_mutex_unlock(&gate->lock);
    bt_h2_tls_free(before);
    return BT_OK;
}

void bt_h2_gate_close(bt_h2_gate *gate) {
    if (gate->fd >= 0) close(gate->fd);
    gate->fd = -1;
    if (gate->path[0]) unlink(gate->path);
    gate->path[0] = '\0';
}

void bt_h2_gate_free(bt_h2_gate *gate) {
    bt_h2_gate_close(gate);
    bt_h2_tls_free(gate->tls);
    pthread_mutex_destroy(&gate->lock);
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
