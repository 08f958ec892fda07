/* rooms: PkgConfig::NGHTTP2 */
/* The floor: a bare server on nghttp2 that answers every request with a constant CheckScopeResponse. It
 * reads no header, decodes nothing and guards against nothing; what the h2 room adds to a call is
 * measured against it, so it has the configuration that was found fastest (docs/benchmarks.md).
 *
 *   floor_h2 [port] [workers]     9601 1 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define SPACE ((size_t)64 << 10)
#define FRAME_MAX ((size_t)17 << 10)

/* {allowed: true, reason: ALLOWED, key_id: 32 digits, scope_mask: 1, revision: 1000000}, prefixed */
static const uint8_t ANSWER[] = "\0\0\0\0\x2c\x08\x01\x10\x01\x1a\x20"
                                "0123456789abcdef0123456789abcdef"
                                "\x28\x01\x38\xc0\x84\x3d";

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,                \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE                           \
    }
static const nghttp2_nv RESPONSE[] = {FIELD(":status", "200"),
                                      FIELD("content-type", "application/grpc")};
static const nghttp2_nv TRAILERS[] = {FIELD("grpc-status", "0")};

typedef struct client {
    int fd;
    nghttp2_session *session;
} client;

typedef struct worker {
    pthread_t thread;
    int epoll_fd;
    uint8_t in[SPACE], out[SPACE];
} worker;

static worker workers[WORKERS_MAX];
static nghttp2_session_callbacks *callbacks;

static ssize_t read_answer(nghttp2_session *session, int32_t id, uint8_t *data, size_t size,
                           uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)size, (void)source, (void)user;
    memcpy(data, ANSWER, sizeof ANSWER - 1);
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session, id, TRAILERS, 1);
    return sizeof ANSWER - 1;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
    (void)user;
    bool request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (!request || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    nghttp2_data_provider provider = {.read_callback = read_answer};
    return nghttp2_submit_response(session, frame->hd.stream_id, RESPONSE, 2, &provider);
}

static void end(client *ended) {
    nghttp2_session_del(ended->session);
    close(ended->fd);
    free(ended);
}

static bool answer(worker *own, client *from) {
    ssize_t got = recv(from->fd, own->in, sizeof own->in, 0);
    if (got <= 0 || nghttp2_session_mem_recv(from->session, own->in, (size_t)got) < 0) return false;
    size_t used = 0;
    ssize_t size;
    do {
        const uint8_t *frame;
        size = nghttp2_session_mem_send(from->session, &frame);
        if (size < 0) return false;
        if (size) memcpy(own->out + used, frame, (size_t)size);
        used += (size_t)size;
        if (used && (!size || SPACE - used < FRAME_MAX)) {
            if (send(from->fd, own->out, used, MSG_NOSIGNAL) != (ssize_t)used) return false;
            used = 0;
        }
    } while (size);
    return true;
}

static void *work(void *user) {
    worker *own = user;
    struct epoll_event events[64];
    for (;;) {
        int count = epoll_wait(own->epoll_fd, events, 64, -1);
        for (int i = 0; i < count; i++)
            if (!answer(own, events[i].data.ptr)) end(events[i].data.ptr);
    }
    return NULL;
}

static void welcome(worker *own, int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    client *new = malloc(sizeof *new);
    new->fd = fd;
    nghttp2_session_server_new(&new->session, callbacks, NULL);
    const nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 256};
    nghttp2_submit_settings(new->session, 0, &settings, 1);
    nghttp2_session_set_local_window_size(new->session, 0, 0, 1 << 20);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = new};
    epoll_ctl(own->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **words) {
    int port = count > 1 ? atoi(words[1]) : 9601;
    int worker_count = count > 2 ? atoi(words[2]) : 1;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    for (int i = 0; i < worker_count; i++) {
        workers[i].epoll_fd = epoll_create1(0);
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) ||
        listen(listener, 1024)) {
        perror("floor_h2");
        return 1;
    }
    for (int i = 0;; i++) welcome(&workers[i % worker_count], accept(listener, NULL, NULL));
}
