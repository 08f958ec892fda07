#include "h2/socket.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool bt_h2_socket_open(bt_h2_socket *socket, int fd, SSL_CTX *tls) {
    *socket = (bt_h2_socket){.fd = fd};
    if (!tls) return true;
    socket->ssl = SSL_new(tls);
    if (socket->ssl && SSL_set_fd(socket->ssl, fd) == 1) {
        SSL_set_accept_state(socket->ssl);
        socket->shaking = true;
        return true;
    }
    bt_h2_socket_close(socket);
    return false;
}

void bt_h2_socket_close(bt_h2_socket *socket) {
    SSL_free(socket->ssl);
    close(socket->fd);
    *socket = (bt_h2_socket){.fd = -1};
}

static bool speaks_h2(const SSL *ssl) {
    const unsigned char *name;
    unsigned size;
    SSL_get0_alpn_selected(ssl, &name, &size);
    return size == 2 && memcmp(name, "h2", 2) == 0;
}

bool bt_h2_socket_shake(bt_h2_socket *socket) {
    ERR_clear_error();
    int result = SSL_do_handshake(socket->ssl);
    if (result == 1) {
        socket->shaking = socket->wants_room = false;
        return speaks_h2(socket->ssl);
    }
    int error = SSL_get_error(socket->ssl, result);
    socket->wants_room = error == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static ssize_t tls_result(bt_h2_socket *socket, int result) {
    if (result > 0) return result;
    int error = SSL_get_error(socket->ssl, result);
    ERR_clear_error();
    bool later = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    return later ? BT_H2_SOCKET_LATER : BT_H2_SOCKET_OVER;
}

static bool is_later(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

ssize_t bt_h2_socket_read(bt_h2_socket *socket, uint8_t *ret_bytes, size_t size) {
    if (socket->ssl) return tls_result(socket, SSL_read(socket->ssl, ret_bytes, (int)size));
    ssize_t got = recv(socket->fd, ret_bytes, size, 0);
    if (got > 0) return got;
    return got < 0 && is_later(errno) ? BT_H2_SOCKET_LATER : BT_H2_SOCKET_OVER;
}

ssize_t bt_h2_socket_write(bt_h2_socket *socket, const uint8_t *bytes, size_t size) {
    if (socket->ssl) return tls_result(socket, SSL_write(socket->ssl, bytes, (int)size));
    ssize_t put = send(socket->fd, bytes, size, MSG_NOSIGNAL);
    if (put >= 0) return put;
    return is_later(errno) ? BT_H2_SOCKET_LATER : BT_H2_SOCKET_OVER;
}

void bt_h2_socket_finish(bt_h2_socket *socket) {
    if (socket->ssl && !socket->shaking) {
        SSL_shutdown(socket->ssl);
        ERR_clear_error();
    }
    shutdown(socket->fd, SHUT_WR);
}
