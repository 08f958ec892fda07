/* rooms: made_keys PkgConfig::NGHTTP2 */
/* Load for a gRPC server: asks about made keys (made_keys.h) drawn at random, checks each answer, and prints
 * one line of JSON. */
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "figures.h"
#include "question.h"

static const char help[] =
    "usage: load_h2 --port N [--connections 8] [--streams 16] [--seconds 5] [--keys 1000]\n"
    "               [--seed 1] [--zipf] [--rate CALLS_A_SECOND] [--pid SERVER] [--path PATH]\n"
    "               [--ask allowed|denied|junk|mixed|any|revoke] [--batch QUESTIONS]\n"
    "               [--body FILE] [--begins HEX]\n"
    "\n"
    "Closed loop: each connection keeps that many calls in flight. With --rate, open loop: calls\n"
    "start on time whatever the server does, and latency counts from the time at which a call\n"
    "should have started. --pid: the server's processor time a call is printed too. --body: a\n"
    "message to send instead, in which the token of key 0 is replaced by a drawn one; --begins:\n"
    "what its answers have to begin with. The environment variable BITTING_BENCH_CREDENTIAL is\n"
    "sent as the caller's credential.\n";

#define CONNECTIONS_MAX 1024
#define STREAMS_MAX 1024
#define SPACE ((size_t)64 << 10)
/* A call of an open loop may start so late, which its latency counts: who looked at the clock all the time, or sent each
 * call by itself, would be the one that is measured. */
#define TICK_NS 50000

typedef struct load {
    uint16_t port;
    unsigned connections, streams;
    double seconds, rate;
    question_plan plan;
    const char *path;
    char credential[256]; /* the header's value; empty: none */
    uint64_t started;
    figures figures;
} load;

typedef struct call {
    int64_t start_ns;
    size_t sent;
    question question;
    bool ok;
    struct call *next;
} call;

typedef struct client {
    int fd;
    unsigned open;
    nghttp2_session *session;
    uint8_t out[SPACE];
    size_t out_size, out_sent;
} client;

static load self;
static client *clients[CONNECTIONS_MAX];
static call *idle;

static void give_up(const char *why) {
    fprintf(stderr, "load_h2: %s\n", why);
    exit(1);
}

static call *new_call(void) {
    call *new = idle;
    if (new) {
        idle = new->next;
    } else {
        new = calloc(1, sizeof *new);
        if (new) new->question.message = malloc(question_size(&self.plan));
        if (new) new->question.answer = malloc(question_answer_size(&self.plan));
        if (!new || !new->question.message || !new->question.answer) give_up("no memory");
    }
    new->sent = 0;
    new->ok = false;
    question_write(&self.plan, &new->question);
    return new;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *data, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session, (void)id, (void)user;
    call *from = source->ptr;
    const question *asked = &from->question;
    if (size > asked->size - from->sent) size = asked->size - from->sent;
    memcpy(data, asked->message + from->sent, size);
    from->sent += size;
    if (from->sent == asked->size) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,                \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE                           \
    }

static void start_call(client *on, int64_t start_ns) {
    nghttp2_nv fields[] = {FIELD(":method", "POST"),  FIELD(":scheme", "http"),
                           FIELD(":path", ""),        FIELD(":authority", "bench"),
                           FIELD("te", "trailers"),   FIELD("content-type", "application/grpc"),
                           FIELD("authorization", "")};
    fields[2].value = (uint8_t *)self.path;
    fields[2].valuelen = strlen(self.path);
    fields[6].value = (uint8_t *)self.credential;
    fields[6].valuelen = strlen(self.credential);
    call *new = new_call();
    new->start_ns = start_ns;
    nghttp2_data_provider provider = {.source.ptr = new, .read_callback = read_body};
    if (nghttp2_submit_request(on->session, NULL, fields, *self.credential ? 7 : 6, &provider,
                               new) < 0)
        give_up("a call could not be started: the server has taken leave");
    on->open++;
    self.started++;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user) {
    client *on = user;
    call *ended = nghttp2_session_get_stream_user_data(session, id);
    if (error_code) ended->ok = false;
    figures_add(&self.figures, bt_clock_monotonic_ns() - ended->start_ns,
                ended->ok && question_is_right(&self.plan, &ended->question));
    ended->next = idle;
    idle = ended;
    on->open--;
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *user) {
    (void)flags, (void)user;
    if (name_size != 11 || memcmp(name, "grpc-status", 11) != 0) return 0;
    call *of = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    of->ok = value_size == 1 && *value == '0';
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t size, void *user) {
    (void)flags, (void)user;
    call *of = nghttp2_session_get_stream_user_data(session, id);
    question *asked = &of->question;
    size_t room = question_answer_size(&self.plan) - asked->answer_size;
    memcpy(asked->answer + asked->answer_size, data, size < room ? size : room);
    asked->answer_size += size < room ? size : room;
    return 0;
}

static client *client_new(int epoll_fd) {
    client *new = calloc(1, sizeof *new);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(self.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    new->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(new->fd, (const struct sockaddr *)&address, sizeof address)) {
        perror("load_h2: connect");
        exit(1);
    }
    setsockopt(new->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_client_new(&new->session, callbacks, new);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(new->session, 0, NULL, 0);
    nghttp2_session_set_local_window_size(new->session, 0, 0, 1 << 24);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = new};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, new->fd, &event);
    return new;
}

static void flush(client *to) {
    for (;;) {
        const uint8_t *frame;
        ssize_t size = nghttp2_session_mem_send(to->session, &frame);
        if (size < 0) give_up("nghttp2 cannot send");
        bool full = to->out_size + (size_t)size > SPACE;
        if (to->out_size && (!size || full)) {
            ssize_t put = send(to->fd, to->out, to->out_size, MSG_NOSIGNAL);
            if (put != (ssize_t)to->out_size) {
                perror("load_h2: send");
                exit(1);
            }
            to->out_size = 0;
        }
        if (!size) return;
        memcpy(to->out + to->out_size, frame, (size_t)size);
        to->out_size += (size_t)size;
    }
}

static void receive(client *from) {
    static uint8_t space[SPACE];
    ssize_t got = recv(from->fd, space, sizeof space, 0);
    if (got <= 0 || nghttp2_session_mem_recv(from->session, space, (size_t)got) < 0)
        give_up("the server closed the connection");
}

static void refill(client *with) {
    int64_t now_ns = bt_clock_monotonic_ns();
    while (with->open < self.streams) start_call(with, now_ns);
}

/* When the next call of an open loop is to start. */
static int64_t due(int64_t begin_ns) {
    return begin_ns + (int64_t)((double)self.started / self.rate * 1e9);
}

/* Starts the calls whose time has come, the connections taking turns; those of a connection are sent together. */
static void start_due(int64_t begin_ns, int64_t now_ns) {
    for (;;) {
        int64_t due_ns = due(begin_ns);
        client *next = clients[self.started % self.connections];
        if (due_ns > now_ns || next->open >= STREAMS_MAX) break;
        start_call(next, due_ns);
    }
    for (unsigned i = 0; i < self.connections; i++) flush(clients[i]);
}

/* How long to wait for answers. */
static struct timespec patience(int64_t next_ns, int64_t now_ns) {
    const int64_t most_ns = 100000000;
    int64_t left_ns = self.rate > 0 ? next_ns - now_ns : most_ns;
    if (left_ns > most_ns) left_ns = most_ns;
    return (struct timespec){.tv_nsec = left_ns > 0 ? left_ns : 0};
}

/* To the end, and on until one call is done at least. */
static void run(int epoll_fd, int64_t begin_ns, int64_t end_ns) {
    struct epoll_event events[64];
    int64_t next_ns = begin_ns;
    for (int64_t now_ns; (now_ns = bt_clock_monotonic_ns()) < end_ns || !self.figures.done;) {
        if (self.rate > 0 && now_ns >= next_ns) {
            start_due(begin_ns, now_ns);
            next_ns = due(begin_ns);
            if (next_ns < now_ns + TICK_NS) next_ns = now_ns + TICK_NS;
        }
        const struct timespec wait = patience(next_ns, now_ns);
        int count = epoll_pwait2(epoll_fd, events, 64, &wait, NULL);
        for (int i = 0; i < count; i++) {
            client *of = events[i].data.ptr;
            receive(of);
            if (self.rate <= 0) refill(of);
            flush(of);
        }
    }
}

static void usage(void) {
    fputs(help, stderr);
    exit(2);
}

static void read_hex(const char *text) {
    size_t size = strlen(text) / 2;
    if (size > sizeof self.plan.begins) usage();
    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) usage();
        self.plan.begins[i] = (uint8_t)byte;
    }
    self.plan.begins_size = size;
}

static void take_option(int option) {
    question_plan *plan = &self.plan;
    if (option == 'p') self.port = (uint16_t)atoi(optarg);
    if (option == 'c') self.connections = (unsigned)atoi(optarg);
    if (option == 'm') self.streams = (unsigned)atoi(optarg);
    if (option == 't') self.seconds = atof(optarg);
    if (option == 'k') plan->keys = strtoull(optarg, NULL, 10);
    if (option == 's') plan->made.seed = strtoull(optarg, NULL, 10);
    if (option == 'z') plan->zipf = true;
    if (option == 'r') self.rate = atof(optarg);
    if (option == 'a' && !question_ask_parse(optarg, &plan->ask)) usage();
    if (option == 'i') self.figures.pid = atoi(optarg);
    if (option == 'u') self.path = optarg;
    if (option == 'n') plan->batch = (unsigned)atoi(optarg);
    if (option == 'h') read_hex(optarg);
    if (option == '?') usage();
}

static void parse(int argc, char **argv) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},    {"connections", 1, NULL, 'c'}, {"streams", 1, NULL, 'm'},
        {"seconds", 1, NULL, 't'}, {"keys", 1, NULL, 'k'},        {"seed", 1, NULL, 's'},
        {"zipf", 0, NULL, 'z'},    {"rate", 1, NULL, 'r'},        {"ask", 1, NULL, 'a'},
        {"pid", 1, NULL, 'i'},     {"path", 1, NULL, 'u'},        {"body", 1, NULL, 'b'},
        {"batch", 1, NULL, 'n'},   {"begins", 1, NULL, 'h'},      {NULL, 0, NULL, 0}};
    const char *body = NULL;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        take_option(option);
        if (option == 'b') body = optarg;
    }
    if (body && !question_read_fixed(&self.plan, body)) {
        perror(body);
        exit(1);
    }
    if (!self.port || self.connections > CONNECTIONS_MAX || self.streams > STREAMS_MAX ||
        self.plan.batch > QUESTIONS_IN_BATCH_MAX)
        usage();
}

static void take_credential(void) {
    const char *credential = getenv("BITTING_BENCH_CREDENTIAL");
    if (credential) snprintf(self.credential, sizeof self.credential, "Bearer %s", credential);
}

int main(int argc, char **argv) {
    bt_environment environment = {.prefix = "bt_test"};
    self = (load){.connections = 8, .streams = 16, .seconds = 5};
    self.path = "/bitting.v1.CheckService/CheckScope";
    /* Other keys in each run. */
    self.plan = (question_plan){.keys = 1000, .drawn = (uint64_t)bt_clock_ms() << 24};
    self.plan.made = (made_plan){.seed = 1, .environment = &environment, .mask = MADE_MASK};
    parse(argc, argv);
    take_credential();
    int epoll_fd = epoll_create1(0);
    for (unsigned i = 0; i < self.connections; i++) clients[i] = client_new(epoll_fd);
    for (unsigned i = 0; i < self.connections && self.rate <= 0; i++) {
        refill(clients[i]);
        flush(clients[i]);
    }
    int64_t warm_ns = bt_clock_monotonic_ns();
    run(epoll_fd, warm_ns, warm_ns + (int64_t)(self.seconds * 0.1 * 1e9));
    figures_begin(&self.figures);
    int64_t begin_ns = bt_clock_monotonic_ns();
    if (self.rate > 0) self.started = 0;
    run(epoll_fd, begin_ns, begin_ns + (int64_t)(self.seconds * 1e9));
    return figures_end(&self.figures);
}
