/* rooms: made_keys math PkgConfig::NGHTTP2 */
/* Load for CheckScope: asks about made keys (made_keys.h) drawn at random, checks each answer, and prints
 * one line of JSON. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "histogram.h"
#include "made_keys.h"

static const char help[] =
    "usage: load_h2 --port N [--connections 8] [--streams 16] [--seconds 5] [--keys 1000] [--seed "
    "1]\n"
    "               [--zipf] [--rate CALLS_A_SECOND] [--ask allowed|denied|junk|any] [--pid "
    "SERVER]\n"
    "               [--path PATH] [--body FILE]\n"
    "\n"
    "Closed loop: each connection keeps that many calls in flight. With --rate, open loop: calls "
    "start\n"
    "on time whatever the server does, and latency counts from the time at which a call should "
    "have\n"
    "started. --pid: the server's processor time a call is printed too. --body: a message to send\n"
    "instead, whose answers are not looked at.\n";

#define CONNECTIONS_MAX 1024
#define STREAMS_MAX 1024
#define SPACE ((size_t)64 << 10)
#define BODY_MAX 4096

typedef enum ask { ASK_ALLOWED, ASK_DENIED, ASK_JUNK, ASK_ANY } ask;

typedef struct load {
    uint16_t port;
    unsigned connections, streams;
    double seconds, rate;
    uint64_t keys;
    made_plan plan;
    bool zipf;
    ask ask;
    int pid;
    const char *path;
    uint8_t fixed[BODY_MAX];
    size_t fixed_size;
    /* Results. */
    uint64_t drawn, started, done, wrong;
    histogram latency;
} load;

typedef struct call {
    int64_t start_ns;
    size_t size, sent;
    uint8_t body[BODY_MAX];
    uint8_t answer[2];
    unsigned answer_size;
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

static uint64_t draw(void) {
    uint64_t random = made_random(self.plan.seed + 77, self.drawn++);
    if (!self.zipf) return random % self.keys;
    /* Zipf with exponent 1, by its inverse: rank = keys ^ u. */
    double u = (double)(random >> 11) / 9007199254740992.0;
    uint64_t key = (uint64_t)pow((double)self.keys, u) - 1;
    return made_random(9, key) % self.keys;
}

static size_t put_field(uint8_t *body, uint8_t tag, const char *text) {
    size_t size = strlen(text);
    body[0] = tag;
    body[1] = (uint8_t)size;
    memcpy(body + 2, text, size);
    return 2 + size;
}

static void make_body(call *new) {
    char token[BT_TOKEN_MAX + 1];
    size_t size = self.fixed_size;
    if (size) {
        memcpy(new->body + 5, self.fixed, size);
    } else {
        made_token(&self.plan, draw(), token);
        if (self.ask == ASK_JUNK) token[20] = token[20] == 'a' ? 'b' : 'a';
        size += put_field(new->body + 5, 0x0a, token);
        size += put_field(new->body + 5 + size, 0x12,
                          self.ask == ASK_DENIED ? "users.delete" : "users.read");
    }
    const uint8_t prefix[5] = {0, 0, 0, (uint8_t)(size >> 8), (uint8_t)size};
    memcpy(new->body, prefix, sizeof prefix);
    new->size = size + sizeof prefix;
    new->sent = 0;
    new->answer_size = 0;
    new->ok = false;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *data, size_t size,
                         uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)session, (void)id, (void)user;
    call *from = source->ptr;
    if (size > from->size - from->sent) size = from->size - from->sent;
    memcpy(data, from->body + from->sent, size);
    from->sent += size;
    if (from->sent == from->size) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

#define FIELD(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, sizeof(value) - 1,                \
            NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE                           \
    }

static void give_up(const char *why) {
    fprintf(stderr, "load_h2: %s\n", why);
    exit(1);
}

static void start_call(client *on, int64_t start_ns) {
    nghttp2_nv fields[] = {FIELD(":method", "POST"), FIELD(":scheme", "http"),
                           FIELD(":path", ""),       FIELD(":authority", "bench"),
                           FIELD("te", "trailers"),  FIELD("content-type", "application/grpc")};
    fields[2].value = (uint8_t *)self.path;
    fields[2].valuelen = strlen(self.path);
    call *new = idle;
    if (new)
        idle = new->next;
    else
        new = malloc(sizeof *new);
    new->start_ns = start_ns;
    make_body(new);
    nghttp2_data_provider provider = {.source.ptr = new, .read_callback = read_body};
    if (nghttp2_submit_request(on->session, NULL, fields, 6, &provider, new) < 0)
        give_up("a call could not be started: the server has taken leave");
    on->open++;
    self.started++;
}

/* The first field of an answer is `allowed`, where it is true, and else `reason`. */
static bool is_right(const call *ended) {
    if (!ended->ok || self.ask == ASK_ANY || self.fixed_size) return ended->ok;
    bool allowed = ended->answer[0] == 0x08;
    return ended->answer_size == 2 && allowed == (self.ask == ASK_ALLOWED);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t error_code, void *user) {
    client *on = user;
    call *ended = nghttp2_session_get_stream_user_data(session, id);
    if (error_code) ended->ok = false;
    self.done++;
    if (!is_right(ended)) self.wrong++;
    histogram_add(&self.latency, bt_clock_monotonic_ns() - ended->start_ns);
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
    for (size_t i = 5; i < size && of->answer_size < 2; i++)
        of->answer[of->answer_size++] = data[i];
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

/* Starts the calls whose time has come, each on the connection with fewest. */
static void start_due(int64_t begin_ns, int64_t now_ns) {
    for (;;) {
        int64_t due_ns = begin_ns + (int64_t)((double)self.started / self.rate * 1e9);
        if (due_ns > now_ns) return;
        client *best = clients[self.started % self.connections];
        if (best->open >= STREAMS_MAX) return;
        start_call(best, due_ns);
        flush(best);
    }
}

static void run(int epoll_fd, int64_t begin_ns, int64_t end_ns) {
    struct epoll_event events[64];
    for (int64_t now_ns; (now_ns = bt_clock_monotonic_ns()) < end_ns;) {
        int count = epoll_wait(epoll_fd, events, 64, self.rate > 0 ? 0 : 100);
        for (int i = 0; i < count; i++) {
            client *of = events[i].data.ptr;
            receive(of);
            if (self.rate <= 0) refill(of);
            flush(of);
        }
        if (self.rate > 0) start_due(begin_ns, bt_clock_monotonic_ns());
    }
}

/* Of all threads of a process, in nanoseconds. */
static uint64_t processor_time(int pid) {
    char command[96], text[64] = "0";
    if (!pid) return 0;
    snprintf(command, sizeof command,
             "cat /proc/%d/task/*/schedstat | awk '{s += $1} END {printf \"%%.0f\", s}'", pid);
    FILE *pipe = popen(command, "r");
    if (!pipe || !fgets(text, sizeof text, pipe)) give_up("no processor time of that process");
    pclose(pipe);
    return strtoull(text, NULL, 10);
}

static void read_body_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || !(self.fixed_size = fread(self.fixed, 1, BODY_MAX - 5, file))) {
        perror(path);
        exit(1);
    }
    fclose(file);
}

static ask ask_of(const char *text) {
    static const char *const names[] = {"allowed", "denied", "junk", "any"};
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(text, names[i]) == 0) return (ask)i;
    fputs(help, stderr);
    exit(2);
}

static void parse(int argc, char **argv) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'},    {"connections", 1, NULL, 'c'}, {"streams", 1, NULL, 'm'},
        {"seconds", 1, NULL, 't'}, {"keys", 1, NULL, 'k'},        {"seed", 1, NULL, 's'},
        {"zipf", 0, NULL, 'z'},    {"rate", 1, NULL, 'r'},        {"ask", 1, NULL, 'a'},
        {"pid", 1, NULL, 'i'},     {"path", 1, NULL, 'u'},        {"body", 1, NULL, 'b'},
        {NULL, 0, NULL, 0}};
    self = (load){.connections = 8, .streams = 16, .seconds = 5, .keys = 1000, .plan.seed = 1};
    self.path = "/bitting.v1.CheckService/CheckScope";
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p') self.port = (uint16_t)atoi(optarg);
        if (option == 'c') self.connections = (unsigned)atoi(optarg);
        if (option == 'm') self.streams = (unsigned)atoi(optarg);
        if (option == 't') self.seconds = atof(optarg);
        if (option == 'k') self.keys = strtoull(optarg, NULL, 10);
        if (option == 's') self.plan.seed = strtoull(optarg, NULL, 10);
        if (option == 'z') self.zipf = true;
        if (option == 'r') self.rate = atof(optarg);
        if (option == 'a') self.ask = ask_of(optarg);
        if (option == 'i') self.pid = atoi(optarg);
        if (option == 'u') self.path = optarg;
        if (option == 'b') read_body_file(optarg);
    }
    if (self.port && self.connections <= CONNECTIONS_MAX && self.streams <= STREAMS_MAX) return;
    fputs(help, stderr);
    exit(2);
}

static void print(double seconds, uint64_t processor_ns) {
    const double us = 1000;
    printf("{\"calls\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"rate\": %.0f", self.done, self.wrong,
           (double)self.done / seconds);
    if (self.pid) printf(", \"cpu_us\": %.3f", (double)processor_ns / (double)self.done / us);
    printf(", \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n",
           (double)histogram_at(&self.latency, 0.5) / us,
           (double)histogram_at(&self.latency, 0.9) / us,
           (double)histogram_at(&self.latency, 0.99) / us,
           (double)histogram_at(&self.latency, 0.999) / us);
}

int main(int argc, char **argv) {
    bt_environment environment = {0};
    parse(argc, argv);
    self.plan.environment = &environment;
    self.plan.mask = MADE_MASK;
    strcpy(environment.prefix, "bt_test");
    int epoll_fd = epoll_create1(0);
    for (unsigned i = 0; i < self.connections; i++) clients[i] = client_new(epoll_fd);
    for (unsigned i = 0; i < self.connections && self.rate <= 0; i++) {
        refill(clients[i]);
        flush(clients[i]);
    }
    int64_t warm_ns = bt_clock_monotonic_ns();
    run(epoll_fd, warm_ns, warm_ns + (int64_t)(self.seconds * 0.1 * 1e9));
    self.done = self.wrong = 0;
    histogram_clear(&self.latency);
    uint64_t processor_ns = processor_time(self.pid);
    int64_t begin_ns = bt_clock_monotonic_ns();
    if (self.rate > 0) self.started = 0;
    run(epoll_fd, begin_ns, begin_ns + (int64_t)(self.seconds * 1e9));
    double seconds = (double)(bt_clock_monotonic_ns() - begin_ns) / 1e9;
    print(seconds, processor_time(self.pid) - processor_ns);
    return self.wrong ? 1 : 0;
}
