#include "question.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX 5u
#define FIXED_MAX ((size_t)64 << 10)
/* A token, a scope, and the tags and lengths of both and of the question in a batch: lengths are one byte each. */
#define ONE_SIZE 128u
/* An answer in a batch, and a little. */
#define ONE_ANSWER_SIZE 128u

bool question_ask_parse(const char *text, ask *ret_ask) {
    static const char *const names[] = {"allowed", "denied", "junk", "mixed", "any", "revoke"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *ret_ask = (ask)i;
        return true;
    }
    return false;
}

bool question_read_fixed(question_plan *plan, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    plan->fixed = malloc(FIXED_MAX);
    plan->fixed_size = plan->fixed ? fread(plan->fixed, 1, FIXED_MAX, file) : 0;
    fclose(file);
    made_plan first = plan->made;
    first.seed = 1;
    char token[BT_TOKEN_MAX + 1];
    made_token(&first, 0, token);
    plan->token_at = memmem(plan->fixed, plan->fixed_size, token, strlen(token));
    if (!plan->fixed_size) errno = EINVAL;
    return plan->fixed_size > 0;
}

size_t question_size(const question_plan *plan) {
    if (plan->fixed_size) return PREFIX + plan->fixed_size;
    return PREFIX + ONE_SIZE * (plan->batch ? plan->batch : 1);
}

size_t question_answer_size(const question_plan *plan) {
    return plan->batch ? PREFIX + plan->batch * ONE_ANSWER_SIZE : 64;
}

static uint64_t draw(question_plan *plan) {
    uint64_t random = made_random(plan->made.seed + 77, plan->drawn++);
    if (!plan->zipf) return random % plan->keys;
    /* Zipf with exponent 1, by its inverse: rank = keys ^ u. */
    double u = (double)(random >> 11) / 9007199254740992.0;
    uint64_t key = (uint64_t)pow((double)plan->keys, u) - 1;
    return made_random(9, key) % plan->keys;
}

static size_t put_field(uint8_t *at, uint8_t tag, const char *text) {
    size_t size = strlen(text);
    at[0] = tag;
    at[1] = (uint8_t)size;
    memcpy(at + 2, text, size);
    return 2 + size;
}

/* A CheckScopeRequest, or a RevokeKeyRequest. */
static size_t put_one(question_plan *plan, ask asked, uint8_t *at) {
    char token[BT_TOKEN_MAX + 1];
    made_token(&plan->made, draw(plan), token);
    if (asked == ASK_REVOKE) return put_field(at, 0x1a, token);
    if (asked == ASK_JUNK) token[20] = token[20] == 'a' ? 'b' : 'a';
    size_t size = put_field(at, 0x0a, token);
    return size + put_field(at + size, 0x12, asked == ASK_DENIED ? "users.delete" : "users.read");
}

static size_t put_batch(question_plan *plan, ask asked, uint8_t *at) {
    size_t size = 0;
    for (unsigned i = 0; i < plan->batch; i++) {
        size_t one = put_one(plan, asked, at + size + 2);
        at[size] = 0x0a;
        at[size + 1] = (uint8_t)one;
        size += 2 + one;
    }
    return size;
}

static size_t put_fixed(question_plan *plan, uint8_t *at) {
    memcpy(at, plan->fixed, plan->fixed_size);
    if (plan->token_at) {
        char token[BT_TOKEN_MAX + 1];
        made_token(&plan->made, draw(plan), token);
        memcpy(at + (plan->token_at - plan->fixed), token, strlen(token));
    }
    return plan->fixed_size;
}

void question_write(question_plan *plan, question *of) {
    uint8_t *at = of->message + PREFIX;
    of->asked = plan->ask == ASK_MIXED ? (ask)(made_random(3, plan->drawn) % 3) : plan->ask;
    of->answer_size = 0;
    size_t size = plan->fixed_size ? put_fixed(plan, at)
                  : plan->batch    ? put_batch(plan, of->asked, at)
                                   : put_one(plan, of->asked, at);
    const uint8_t prefix[PREFIX] = {0, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                    (uint8_t)(size >> 8), (uint8_t)size};
    memcpy(of->message, prefix, sizeof prefix);
    of->size = PREFIX + size;
}

/* The first field of an answer is `allowed`, where it is true, and else `reason`. */
static bool is_one_right(ask asked, const uint8_t *answer, size_t size) {
    if (size < 2) return false;
    if (asked == ASK_ALLOWED) return answer[0] == 0x08 && answer[1] == 1;
    return answer[0] == 0x10 && answer[1] == (asked == ASK_DENIED ? 11 : 2); /* reasons */
}

static bool is_batch_right(const question_plan *plan, const question *of) {
    const uint8_t *answer = of->answer;
    size_t at = PREFIX, right = 0;
    for (; at + 2 <= of->answer_size && answer[at] == 0x0a; at += 2 + answer[at + 1]) {
        if (answer[at + 1] >= 128 || at + 2 + answer[at + 1] > of->answer_size) return false;
        right += is_one_right(of->asked, answer + at + 2, answer[at + 1]);
    }
    return right == plan->batch;
}

bool question_is_right(const question_plan *plan, const question *of) {
    if (of->asked == ASK_ANY || of->asked == ASK_REVOKE) return true;
    if (of->answer_size < PREFIX) return false;
    const uint8_t *answer = of->answer + PREFIX;
    size_t size = of->answer_size - PREFIX;
    if (plan->fixed_size)
        return size >= plan->begins_size && memcmp(answer, plan->begins, plan->begins_size) == 0;
    if (plan->batch) return is_batch_right(plan, of);
    return is_one_right(of->asked, answer, size);
}
