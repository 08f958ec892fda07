/* rooms: made_keys */
/* Fills a store with keys that are the same in every run (made_keys.h), for benchmarks. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "made_keys.h"
#include "store/snapshot.h"

static const char help[] =
    "usage: fill_store --data DIR --keys N [--seed N] [--users N | --org NAME] [--blocked N]\n"
    "                  [--tokens FILE]\n"
    "\n"
    "Makes a store in DIR, or takes the one that is there, and adds N keys to its environment "
    "`test`\n"
    "that hold the preset read_and_validate. With --users each is a personal key, of that many "
    "users;\n"
    "with --org they are keys of that organization;\n"
    "--blocked blocks that many other users. --tokens writes the tokens to FILE, one a line.\n"
    "Keys are added in the order of their numbers: their rows come in random order, as in a store "
    "that\n"
    "grew. A DIR in memory (/dev/shm) is filled fastest.\n";

typedef struct fill {
    const char *data, *tokens;
    uint64_t keys, blocked, batch;
    made_plan plan;
} fill;

static uint64_t number(const char *text) {
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end) {
        fprintf(stderr, "fill_store: %s is not a number\n", text);
        exit(2);
    }
    return value;
}

static fill parse(int argc, char **argv) {
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},    {"keys", required_argument, NULL, 'k'},
        {"seed", required_argument, NULL, 's'},    {"users", required_argument, NULL, 'u'},
        {"org", required_argument, NULL, 'o'},     {"tokens", required_argument, NULL, 't'},
        {"blocked", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
    fill self = {.batch = 20000, .plan = {.seed = 1, .mask = MADE_MASK}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) switch (option) {
        case 'd':
            self.data = optarg;
            break;
        case 'k':
            self.keys = number(optarg);
            break;
        case 's':
            self.plan.seed = number(optarg);
            break;
        case 'u':
            self.plan.users = number(optarg);
            break;
        case 'o':
            self.plan.org = optarg;
            break;
        case 't':
            self.tokens = optarg;
            break;
        case 'b':
            self.blocked = number(optarg);
            break;
        default:
            self.data = NULL, optind = argc + 1;
        }
    if (self.data && self.keys && optind == argc) return self;
    fputs(help, stderr);
    exit(2);
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Other users than those of the keys come after them. */
static bt_err add_all(const fill *self, bt_store *store, bt_fault *fault) {
    for (uint64_t n = 0; n < self->keys; n += self->batch) {
        BT_TRY(made_insert(store, &self->plan, n, least(self->batch, self->keys - n), fault));
        fprintf(stderr, "\r%" PRIu64 " keys", least(n + self->batch, self->keys));
    }
    fputc('\n', stderr);
    for (uint64_t n = 0; n < self->blocked; n += self->batch)
        BT_TRY(made_block_users(store, &self->plan, self->plan.users + n,
                                least(self->batch, self->blocked - n), fault));
    return BT_OK;
}

static bt_err write_tokens(const fill *self, bt_fault *fault) {
    FILE *file = self->tokens ? fopen(self->tokens, "w") : NULL;
    if (!self->tokens) return BT_OK;
    if (!file) return bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: cannot be written", self->tokens);
    for (uint64_t n = 0; n < self->keys; n++) {
        char token[BT_TOKEN_MAX + 1];
        made_token(&self->plan, n, token);
        fprintf(file, "%s\n", token);
    }
    return fclose(file) ? bt_fail(fault, BT_ERR_UNAVAILABLE, "%s: disk full?", self->tokens)
                        : BT_OK;
}

static bt_err run(fill *self, bt_fault *fault) {
    static bt_environment environment;
    bt_store *store;
    bt_snapshot *snapshot;
    bt_store_options options = {.directory = self->data, .mode = BT_STORE_CREATE};
    BT_TRY(bt_store_open(&options, &store, fault));
    BT_TRY(bt_snapshot_open(store, &snapshot, fault));
    BT_TRY(bt_snapshot_renew(snapshot));
    const bt_environment *test =
        bt_environment_find(bt_snapshot_environments(snapshot), BT_LITERAL("test"));
    if (!test) return bt_fail(fault, BT_ERR_NOT_FOUND, "the store has no environment `test`");
    environment = *test;
    self->plan.environment = &environment;
    bt_snapshot_close(snapshot);
    BT_TRY(add_all(self, store, fault));
    bt_store_close(store);
    return write_tokens(self, fault);
}

int main(int argc, char **argv) {
    fill self = parse(argc, argv);
    bt_fault fault = {0};
    if (run(&self, &fault) == BT_OK) return 0;
    fprintf(stderr, "fill_store: %s\n", fault.text);
    return 1;
}
