#include "h2/link.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/log.h"

#define READS_PER_TURN 4
#define WRITES_PER_TURN 4
/* How long a peer may take to close after it was told that all is over, in ms. */
#define FINISH_MS 2000

static void watch(bt_h2_link *link) {
    uint32_t events = link->unsent ? 0 : EPOLLIN;
    if (link->unsent || link->socket.wants_room) events |= EPOLLOUT;
    if (events == link->events) return;
    struct epoll_event event = {.events = events, .data.ptr = link};
    epoll_ctl(link->links->epoll_fd, EPOLL_CTL_MOD, link->socket.fd, &event);
    link->events = events;
}

static bool attach(bt_h2_link *link) {
    bt_h2_links *links = link->links;
    link->events = EPOLLIN;
    struct epoll_event event = {.events = link->events, .data.ptr = link};
    if (epoll_ctl(links->epoll_fd, EPOLL_CTL_ADD, link->socket.fd, &event)) return false;
    link->behind = links->first;
    if (link->behind) link->behind->before = link;
    links->first = link;
    return true;
}

/* An IPv4 address that came to an IPv6 socket is the IPv4 address. */
static void read_peer(int fd, bt_address *ret_address) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size)) return;
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&peer;
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&peer;
    bool mapped = peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr);
    if (peer.ss_family == AF_INET || mapped) {
        ret_address->family = BT_FAMILY_4;
        memcpy(ret_address->bytes,
               mapped ? (const void *)&ipv6->sin6_addr.s6_addr[12] : &ipv4->sin_addr, 4);
    } else if (peer.ss_family == AF_INET6) {
        ret_address->family = BT_FAMILY_6;
        memcpy(ret_address->bytes, &ipv6->sin6_addr, 16);
    }
}

bt_h2_link *bt_h2_link_open(bt_h2_links *links, int fd, SSL_CTX *tls,
                            const bt_listener_policy *policy) {
    bt_h2_link *link = calloc(1, sizeof *link);
    bt_h2_socket socket;
    if (!bt_h2_socket_open(&socket, fd, tls)) {
        free(link);
        return NULL;
    }
    bt_h2_connection *connection = link ? bt_h2_connection_new(links->core, policy) : NULL;
    if (connection) {
        read_peer(fd, &connection->peer);
        *link = (bt_h2_link){.links = links, .connection = connection, .socket = socket};
        link->moved_ms = links->core->tick_ms;
        connection->owner = link;
        bt_h2_connection_touch(connection);
        if (attach(link)) return link;
        bt_h2_connection_free(connection);
    }
    bt_h2_socket_close(&socket);
    free(link);
    return NULL;
}

void bt_h2_links_left(bt_h2_links *links) {
    if (atomic_fetch_sub(&links->load, 1) == 1) eventfd_write(links->left_fd, 1);
}

void bt_h2_link_close(bt_h2_link *link) {
    bt_h2_links *links = link->links;
    if (link->behind) link->behind->before = link->before;
    if (link->before)
        link->before->behind = link->behind;
    else
        links->first = link->behind;
    bt_h2_links_left(links);
    bt_h2_free(&link->connection->account, link->unsent);
    bt_h2_connection_free(link->connection);
    bt_h2_socket_close(&link->socket);
    free(link);
}

/* False: the link is gone. */
static bool read_once(bt_h2_link *link, bool *ret_more) {
    bt_h2_links *links = link->links;
    ssize_t got = bt_h2_socket_read(&link->socket, links->read_space, sizeof links->read_space);
    if (got == BT_H2_SOCKET_OVER) {
        bt_h2_link_close(link);
        return false;
    }
    *ret_more = got > 0 && link->socket.ssl;
    if (got > 0 && !link->finishing)
        bt_h2_connection_receive(link->connection, bt_bytes_of(links->read_space, (size_t)got));
    return true;
}

static void read_some(bt_h2_link *link) {
    bool more = true;
    for (int i = 0; more && i < READS_PER_TURN; i++)
        if (!read_once(link, &more)) return;
}

/* False: the link is gone, or the handshake is not done. */
static bool shake(bt_h2_link *link) {
    if (!bt_h2_socket_shake(&link->socket)) {
        bt_h2_link_close(link);
        return false;
    }
    watch(link);
    if (link->socket.shaking) return false;
    bt_h2_connection_touch(link->connection);
    return true;
}

void bt_h2_link_ready(bt_h2_link *link, uint32_t events) {
    if (link->socket.shaking && !shake(link)) return;
    if (events & EPOLLOUT) bt_h2_connection_touch(link->connection);
    if (link->unsent && (events & (EPOLLERR | EPOLLHUP)))
        bt_h2_link_close(link);
    else if (!link->unsent && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
        read_some(link);
}

static bool keep_unsent(bt_h2_link *link, const uint8_t *bytes, size_t size) {
    link->unsent = bt_h2_alloc(&link->connection->account, size);
    if (!link->unsent) return false;
    memcpy(link->unsent, bytes, size);
    link->unsent_size = size;
    link->unsent_sent = 0;
    return true;
}

/* Returns the bytes taken, less than size where the socket takes no more now; or BT_H2_SOCKET_OVER. */
static ssize_t write_all(bt_h2_link *link, const uint8_t *bytes, size_t size) {
    size_t sent = 0;
    while (sent < size) {
        ssize_t put = bt_h2_socket_write(&link->socket, bytes + sent, size - sent);
        if (put == BT_H2_SOCKET_OVER) return put;
        if (put == BT_H2_SOCKET_LATER) break;
        sent += (size_t)put;
        link->moved_ms = link->links->core->tick_ms;
    }
    return (ssize_t)sent;
}

/* False: the socket has failed. */
static bool write_unsent(bt_h2_link *link) {
    if (!link->unsent) return true;
    ssize_t sent =
        write_all(link, link->unsent + link->unsent_sent, link->unsent_size - link->unsent_sent);
    if (sent == BT_H2_SOCKET_OVER) return false;
    link->unsent_sent += (size_t)sent;
    if (link->unsent_sent < link->unsent_size) return true;
    bt_h2_free(&link->connection->account, link->unsent);
    link->unsent = NULL;
    return true;
}

/* False: the socket has failed. ret_more: there may be more to send. */
static bool write_once(bt_h2_link *link, bool *ret_more) {
    uint8_t *space = link->links->write_space;
    size_t size = bt_h2_connection_pull(link->connection, space, BT_H2_WRITE_MAX);
    *ret_more = size > BT_H2_WRITE_MAX - BT_H2_PULL_MIN;
    if (!size) return true;
    ssize_t sent = write_all(link, space, size);
    if (sent == BT_H2_SOCKET_OVER) return false;
    if ((size_t)sent == size) return true;
    return keep_unsent(link, space + sent, size - (size_t)sent);
}

static bool write_some(bt_h2_link *link) {
    if (!write_unsent(link)) return false;
    bool more = true;
    for (int i = 0; more && !link->unsent && i < WRITES_PER_TURN; i++)
        if (!write_once(link, &more)) return false;
    if (more && !link->unsent) bt_h2_connection_touch(link->connection);
    return true;
}

/* A close with bytes unread would be a reset, which may overtake the GOAWAY. */
static void finish(bt_h2_link *link) {
    link->finishing = true;
    link->moved_ms = link->links->core->tick_ms;
    bt_h2_socket_finish(&link->socket);
}

void bt_h2_link_flush(bt_h2_link *link) {
    if (link->socket.shaking || link->finishing) return;
    if (!write_some(link)) {
        bt_h2_link_close(link);
        return;
    }
    if (!link->unsent && bt_h2_connection_is_over(link->connection)) finish(link);
    watch(link);
}

void bt_h2_link_sweep(bt_h2_link *link) {
    const bt_h2_core *core = link->links->core;
    int64_t still_ms = core->tick_ms - link->moved_ms;
    bt_h2_connection_sweep(link->connection);
    bool deaf = link->unsent && still_ms > core->limits.request_ms;
    bool over = link->finishing && still_ms > FINISH_MS;
    bool never_shook = link->socket.shaking && link->connection->failed;
    if (deaf || over || never_shook) bt_h2_link_close(link);
}

static bt_h2_link *largest(const bt_h2_links *links) {
    bt_h2_link *most = links->first;
    for (bt_h2_link *link = links->first; link; link = link->behind)
        if (link->connection->account.used > most->connection->account.used) most = link;
    return most;
}

void bt_h2_links_shed(bt_h2_links *links) {
    while (links->first && bt_h2_pool_is_short(&links->core->pool)) {
        bt_h2_link *link = largest(links);
        unsigned count = ++links->shed;
        if ((count & (count - 1)) == 0)
            bt_log(BT_LOG_WARNING, "connection closed, memory is short held=%zu of=%zu closed=%u",
                   link->connection->account.used, links->core->pool.limit, count);
        bt_h2_link_close(link);
    }
}
