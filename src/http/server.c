#include "http/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http/parts.h"
#include "rpc/listener.h"

/* Of a connection: its request line and headers, decoded and as they came. Proxies send less than 64 KiB. */
#define CONNECTION_MEMORY ((size_t)192 << 10)
#define CONNECTIONS_MAX 4096u
#define IDLE_SECONDS 75u
/* The gate's memory is on the stack (gate/gate.h). */
#define THREAD_STACK ((size_t)2 << 20)

bt_session *bt_http_session_take(bt_http_server *server) {
    for (size_t i = 0; i < BT_HTTP_THREADS_MAX; i++) {
        bt_session *session = atomic_exchange(&server->sessions[i], NULL);
        if (session) return session;
    }
    bt_session *session = calloc(1, sizeof *session);
    if (!session || !bt_session_open(server->service, session, NULL)) return session;
    free(session);
    return NULL;
}

static void session_free(bt_session *session) {
    if (session) bt_session_close(session);
    free(session);
}

void bt_http_session_put(bt_http_server *server, bt_session *session) {
    for (size_t i = 0; i < BT_HTTP_THREADS_MAX; i++) {
        bt_session *none = NULL;
        if (atomic_compare_exchange_strong(&server->sessions[i], &none, session)) return;
    }
    session_free(session);
}

enum MHD_Result bt_http_text(struct MHD_Connection *connection, unsigned status, bt_bytes type,
                             bt_bytes body) {
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.size, (void *)(uintptr_t)body.data, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", (const char *)type.data);
    if (status == 405) MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result plain(struct MHD_Connection *connection, unsigned status, bt_bytes body) {
    return bt_http_text(connection, status, BT_LITERAL("text/plain; charset=utf-8"), body);
}

/* Ready is who says SERVING over gRPC, and can read the store. */
static enum MHD_Result ready(bt_http_server *server, struct MHD_Connection *connection) {
    bt_session *session = bt_http_session_take(server);
    bool fine =
        session && bt_health_is_serving(server->health) && !bt_snapshot_renew(session->snapshot);
    if (session) bt_snapshot_reset(session->snapshot);
    if (session) bt_http_session_put(server, session);
    if (fine) return plain(connection, 200, BT_LITERAL("ready\n"));
    return plain(connection, 503, BT_LITERAL("not ready\n"));
}

static enum MHD_Result route(bt_http_server *server, struct MHD_Connection *connection,
                             bt_bytes path, bt_bytes method) {
    bool reads =
        bt_bytes_equal(method, BT_LITERAL("GET")) || bt_bytes_equal(method, BT_LITERAL("HEAD"));
    if (bt_bytes_equal(path, BT_LITERAL("/v1/forward-auth")))
        return bt_http_forward_auth(server, connection);
    if (!reads) return plain(connection, 405, BT_LITERAL("use GET\n"));
    if (bt_bytes_equal(path, BT_LITERAL("/healthz")))
        return plain(connection, 200, BT_LITERAL("ok\n"));
    if (bt_bytes_equal(path, BT_LITERAL("/readyz"))) return ready(server, connection);
    if (bt_bytes_equal(path, BT_LITERAL("/metrics"))) return bt_http_metrics(server, connection);
    return plain(connection, 404,
                 BT_LITERAL("there are /v1/forward-auth, /healthz, /readyz and /metrics\n"));
}

/* A body, which a proxy may pass on, is read and dropped: the answer comes after its last byte. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request) {
    static char seen;
    (void)version, (void)upload;
    if (!*request) {
        *request = &seen;
        return MHD_YES;
    }
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    return route(context, connection, bt_bytes_text(url), bt_bytes_text(method));
}

static int bind_socket(const bt_socket_address *address) {
    int file = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (file < 0) return -1;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!bind(file, (const struct sockaddr *)&address->socket, address->size) &&
        !listen(file, 1024))
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

static bt_err open_socket(const bt_http_options *options, int *ret_file, bt_fault *fault) {
    bt_listener_options listener = {
        .address = options->address, .policy = {.trusted = true}, .insecure = options->insecure};
    bt_socket_address address;
    BT_TRY(bt_listener_check(&listener, fault));
    BT_TRY(bt_socket_address_parse(options->address, &address, fault));
    if (address.socket.ss_family == AF_UNIX)
        return bt_fail(fault, BT_ERR_INVALID, "--http %s: must be an address and a port",
                       options->address);
    int file = bind_socket(&address);
    if (file < 0) return bt_listener_refused(&listener, errno, fault);
    *ret_file = file;
    return BT_OK;
}

static unsigned threads_of(const bt_http_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads =
        options->workers ? options->workers : (unsigned)(processors > 0 ? processors : 1);
    return threads > 1 ? threads : 2; /* a pool of one is no pool */
}

static bt_err start_daemon(bt_http_server *server, const bt_http_options *options, int file,
                           bt_fault *fault) {
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET,
        file, MHD_OPTION_THREAD_POOL_SIZE, threads_of(options), MHD_OPTION_CONNECTION_LIMIT,
        CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
        THREAD_STACK, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (server->daemon) return BT_OK;
    close(file);
    return bt_fail(fault, BT_ERR_EXHAUSTED, "--http %s: no memory or threads for a server",
                   options->address);
}

bt_err bt_http_server_start(const bt_http_options *options, bt_http_server **ret_server,
                            bt_fault *fault) {
    int file = -1;
    bt_http_server *server = calloc(1, sizeof *server);
    if (!server) return bt_fail(fault, BT_ERR_EXHAUSTED, "no memory for a server");
    server->service = options->service;
    server->health = options->health;
    bt_err err = BT_OK;
    if (!bt_bytes_copy_text(bt_bytes_text(options->environment), server->environment,
                            sizeof server->environment))
        err = bt_fail(fault, BT_ERR_INVALID, "--environment: is too long");
    if (!err) err = open_socket(options, &file, fault);
    if (!err) err = start_daemon(server, options, file, fault);
    if (err)
        free(server);
    else
        *ret_server = server;
    return err;
}

int bt_http_server_port(const bt_http_server *server) {
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    bt_socket_address address = {.size = sizeof address.socket};
    if (!info || getsockname(info->listen_fd, (struct sockaddr *)&address.socket, &address.size))
        return 0;
    return bt_socket_address_port(&address);
}

bt_http_server *bt_http_server_stop(bt_http_server *server) {
    if (!server) return NULL;
    MHD_stop_daemon(server->daemon);
    for (size_t i = 0; i < BT_HTTP_THREADS_MAX; i++) session_free(server->sessions[i]);
    free(server);
    return NULL;
}
