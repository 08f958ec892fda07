#include "home.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "store/snapshot.h"

static void read_environments(home *self) {
    bt_snapshot *snapshot;
    ck_assert_int_eq(bt_snapshot_open(self->store, &snapshot, NULL), BT_OK);
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    self->environments = *bt_snapshot_environments(snapshot);
    bt_snapshot_close(snapshot);
}

void home_make(home *self, uint64_t count) {
    bt_fault fault = {0};
    *self = (home){0};
    const char *parent = getenv("TMPDIR");
    snprintf(self->directory, sizeof self->directory, "%.200s/bitting-test-XXXXXX",
             parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(self->directory));
    bt_store_options options = {.directory = self->directory, .mode = BT_STORE_CREATE};
    bt_err err = bt_store_open(&options, &self->store, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    read_environments(self);
    self->plan = (made_plan){
        .seed = 1,
        .mask = MADE_MASK,
        .environment = bt_environment_find(&self->environments, BT_LITERAL("test")),
    };
    if (count) err = made_insert(self->store, &self->plan, 0, count, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
}

void home_open(home *self, uint64_t count) {
    char message[BITTING_MESSAGE_SIZE] = "";
    home_make(self, count);
    bitting_err err = home_try(self, "test", &self->handle, message);
    ck_assert_msg(err == BITTING_OK, "%s", message);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void home_remove(home *self) {
    bt_close(self->handle);
    bt_store_close(self->store);
    nftw(self->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

bitting_options home_options(const home *self) {
    bitting_options options = BITTING_OPTIONS_INIT;
    options.directory = self->directory;
    options.environment = "test";
    return options;
}

bitting_err home_try(const home *self, const char *environment, bitting **ret_handle,
                     char *message) {
    bitting_options options = home_options(self);
    options.environment = environment;
    return bt_open(&options, ret_handle, message);
}

bitting_question home_question(const home *self, uint64_t n) {
    static _Thread_local char token[BT_TOKEN_MAX + 1];
    static const char *const scopes[] = {"users.read"};
    made_token(&self->plan, n, token);
    bitting_question question = BITTING_QUESTION_INIT;
    question.token = token;
    question.token_size = strlen(token);
    question.scopes = scopes;
    question.scopes_count = 1;
    return question;
}

bitting_reason home_ask(bitting *handle, const bitting_question *question) {
    char message[BITTING_MESSAGE_SIZE] = "";
    bitting_answer answer = BITTING_ANSWER_INIT;
    bitting_err err = bt_check(handle, question, &answer, message);
    ck_assert_msg(err == BITTING_OK, "%s", message);
    ck_assert_int_eq(answer.allowed, answer.reason == BITTING_REASON_ALLOWED);
    return answer.reason;
}
