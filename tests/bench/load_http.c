/* rooms: made_keys */
/* Load for forward-auth: HTTP/1.1 with one request in flight on each connection, which asks about made keys drawn at
 * random (made_keys.h). Checks each answer, and prints one line of JSON. */
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "figures.h"
#include "made_keys.h"

static const char help[] =
    "usage: load_http --port N [--connections 8] [--seconds 5] [--keys 1000] [--seed 1]\n"
    "                 [--pid SERVER] [--path /v1/forward-auth] [--status 200]\n"
    "\n"
    "Every answer must have that status, no body that is not announced, and fit 4 KiB.\n";

#define CONNECTIONS_MAX 1024u
#define SPACE 4096u

typedef struct client {
    int fd;
    int64_t start_ns;
    size_t size;
    char answer[SPACE];
} client;

typedef struct load {
    uint16_t port;
    unsigned connections;
    double seconds;
    uint64_t keys, drawn;
    made_plan plan;
    const char *path, *status;
    figures figures;
} load;

static load self;

static void give_up(const char *why) {
    fprintf(stderr, "load_http: %s\n", why);
    exit(1);
}

/* As a proxy asks: about the request that it got, with some of that request's own headers. */
static void ask(client *from) {
    char token[BT_TOKEN_MAX + 1], request[1024];
    made_token(&self.plan, made_random(self.plan.seed + 77, self.drawn++) % self.keys, token);
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: Bearer %s\r\n"
                        "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /api/v1/users/42\r\n"
                        "X-Forwarded-Host: api.example.com\r\nX-Forwarded-Proto: https\r\n"
                        "X-Forwarded-For: 192.0.2.7\r\nAccept: application/json\r\n"
                        "User-Agent: example-client/2.31.0\r\n\r\n",
                        self.path, token);
    from->size = 0;
    from->start_ns = bt_clock_monotonic_ns();
    if (send(from->fd, request, (size_t)size, MSG_NOSIGNAL) != size) give_up("cannot send");
}

/* Whether all of it has come. */
static bool is_whole(client *of) {
    of->answer[of->size] = '\0';
    const char *end = strstr(of->answer, "\r\n\r\n");
    const char *length = strcasestr(of->answer, "\r\ncontent-length:");
    if (!end) return false;
    if (!length || length > end) give_up("an answer without a length");
    size_t body = strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    return of->size >= (size_t)(end + 4 - of->answer) + body;
}

/* "HTTP/1.1 200 OK" */
static bool is_right(const client *of) {
    return strncmp(of->answer + 9, self.status, 3) == 0;
}

static void receive(client *from) {
    ssize_t got = recv(from->fd, from->answer + from->size, SPACE - 1 - from->size, 0);
    if (got <= 0) give_up("the server closed the connection, or its answer is too large");
    from->size += (size_t)got;
    if (!is_whole(from)) return;
    figures_add(&self.figures, bt_clock_monotonic_ns() - from->start_ns, is_right(from));
    ask(from);
}

static client *client_new(int epoll_fd) {
    client *new = calloc(1, sizeof *new);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(self.port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!new) give_up("no memory");
    new->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(new->fd, (const struct sockaddr *)&address, sizeof address))
        give_up("cannot connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = new};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, new->fd, &event);
    return new;
}

/* To the end, and on until one call is done at least. */
static void run(int epoll_fd, double seconds) {
    struct epoll_event events[64];
    int64_t end_ns = bt_clock_monotonic_ns() + (int64_t)(seconds * 1e9);
    while (bt_clock_monotonic_ns() < end_ns || !self.figures.done) {
        int count = epoll_wait(epoll_fd, events, 64, 100);
        for (int i = 0; i < count; i++) receive(events[i].data.ptr);
    }
}

static void parse(int argc, char **argv) {
    static const struct option options[] = {
        {"port", 1, NULL, 'p'}, {"connections", 1, NULL, 'c'}, {"seconds", 1, NULL, 't'},
        {"keys", 1, NULL, 'k'}, {"seed", 1, NULL, 's'},        {"pid", 1, NULL, 'i'},
        {"path", 1, NULL, 'u'}, {"status", 1, NULL, 'e'},      {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'p') self.port = (uint16_t)atoi(optarg);
        if (option == 'c') self.connections = (unsigned)atoi(optarg);
        if (option == 't') self.seconds = atof(optarg);
        if (option == 'k') self.keys = strtoull(optarg, NULL, 10);
        if (option == 's') self.plan.seed = strtoull(optarg, NULL, 10);
        if (option == 'i') self.figures.pid = atoi(optarg);
        if (option == 'u') self.path = optarg;
        if (option == 'e') self.status = optarg;
        if (option == '?') self.port = 0;
    }
    if (self.port && self.keys && self.connections <= CONNECTIONS_MAX) return;
    fputs(help, stderr);
    exit(2);
}

int main(int argc, char **argv) {
    const bt_environment environment = {.prefix = "bt_test"};
    self = (load){.connections = 8, .seconds = 5, .keys = 1000, .path = "/v1/forward-auth"};
    self.status = "200";
    self.plan = (made_plan){.seed = 1, .environment = &environment};
    self.drawn = (uint64_t)bt_clock_ms() << 24; /* other keys in each run */
    parse(argc, argv);
    int epoll_fd = epoll_create1(0);
    for (unsigned i = 0; i < self.connections; i++) ask(client_new(epoll_fd));
    run(epoll_fd, self.seconds * 0.1);
    figures_begin(&self.figures);
    run(epoll_fd, self.seconds);
    return figures_end(&self.figures);
}
