/* rooms: library made_keys */
/* valgrind: no, since a child must not free what is its parent's, which is then a leak of the child */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "home.h"

static home here;
static char message[BITTING_MESSAGE_SIZE];

static int ask_with(bitting *handle, uint64_t n) {
    bitting_question question = home_question(&here, n);
    bitting_answer answer = BITTING_ANSWER_INIT;
    bitting_err err = bt_check(handle, &question, &answer, message);
    return err ? (int)err : answer.allowed ? 0 : 50;
}

static int use_parents(void *none) {
    (void)none;
    unsigned bit;
    bitting_question question = home_question(&here, 0);
    bitting_answer answer = BITTING_ANSWER_INIT;
    question.scopes_count = 0;
    answer.allowed = true;
    if (ask_with(here.handle, 0) != BITTING_ERR_FORKED || !strstr(message, "fork")) return 1;
    if (bt_validate(here.handle, &question, &answer, NULL, NULL) != BITTING_ERR_FORKED) return 2;
    if (answer.allowed) return 3;
    if (bt_scope_bit(here.handle, "users.read", &bit, NULL) != BITTING_ERR_FORKED) return 4;
    bt_close(here.handle);
    return 0;
}

START_TEST(childs_use_of_its_parents_handle_is_answered) {
    home_open(&here, 4);
    ck_assert_int_eq(ask_with(here.handle, 0), 0);
    ck_assert_int_eq(child_run(use_parents, NULL), 0);
    ck_assert_int_eq(ask_with(here.handle, 0), 0);
    home_remove(&here);
}
END_TEST

static int open_own(void *grandchildren) {
    bitting *handle;
    int *left = grandchildren;
    if (home_try(&here, "test", &handle, message)) return 1;
    if (ask_with(handle, 1)) return 2;
    if (ask_with(here.handle, 1) != BITTING_ERR_FORKED) return 3;
    if ((*left)-- > 0 && child_run(open_own, left)) return 4;
    if (ask_with(handle, 2)) return 5;
    bt_close(handle);
    return 0;
}

START_TEST(child_or_grandchild_cannot_open_its_own) {
    int grandchildren = 3;
    home_open(&here, 4);
    ck_assert_int_eq(child_run(open_own, &grandchildren), 0);
    ck_assert_int_eq(ask_with(here.handle, 0), 0);
    home_remove(&here);
}
END_TEST

/* A parent that opened nothing, as servers that fork their workers first do. */
START_TEST(child_of_a_parent_without_a_handle_cannot_open) {
    int grandchildren = 1;
    home_make(&here, 4);
    here.store = bt_store_close(here.store);
    bitting *handle;
    ck_assert_int_eq(home_try(&here, "test", &handle, message), BITTING_OK);
    bt_close(handle);
    here.handle = NULL;
    pid_t child = fork();
    if (child == 0) {
        bitting_err err = home_try(&here, "test", &here.handle, message);
        _exit(err ? 1 : child_run(open_own, &grandchildren));
    }
    ck_assert_int_eq(child_end(child), 0);
    home_remove(&here);
}
END_TEST

static int find_dead_readers(void *none) {
    (void)none;
    bt_store *store;
    unsigned freed = 99;
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_READ};
    if (bt_store_open(&options, &store, NULL) || bt_store_check_readers(store, &freed)) return 99;
    return (int)freed;
}

/* A process's locks end with any closing of the file: its children's closing must not be one. */
START_TEST(childs_close_makes_its_parent_a_dead_reader) {
    home_open(&here, 4);
    bt_snapshot *snapshot;
    int none = 0;
    ck_assert_int_eq(bt_snapshot_open(here.store, &snapshot, NULL), BT_OK);
    ck_assert_int_eq(bt_snapshot_renew(snapshot), BT_OK);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(child_run(open_own, &none), 0);
    ck_assert_int_eq(child_run(find_dead_readers, NULL), 0);
    bt_snapshot_close(snapshot);
    home_remove(&here);
}
END_TEST

UNIT_MAIN("library fork", childs_use_of_its_parents_handle_is_answered,
          child_or_grandchild_cannot_open_its_own, child_of_a_parent_without_a_handle_cannot_open,
          childs_close_makes_its_parent_a_dead_reader)
