/* rooms: library made_keys */
/* Processes come, check and die beside one that writes; BITTING_FORKS=1000 says how many. Each one that was
 * killed must have lost its place among the readers, and with it its pages, a period later. */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "home.h"
#include "store/snapshot.h"

#define KEYS 500
/* The writer looks for dead readers as a server does, but after so many commits instead of after 5 s: then
 * a run does not depend on how fast this machine is. */
#define PERIOD 5
typedef struct shared {
    atomic_uint commits, freed, wrong;
    atomic_bool stop;
    _Atomic uint64_t used;
} shared;

static home here;
static shared *all;

static void count_wrong(void) {
    atomic_fetch_add(&all->wrong, 1);
}

static void look_for_dead(bt_store *store) {
    unsigned freed = 0;
    bt_store_info info;
    if (bt_store_check_readers(store, &freed)) count_wrong();
    atomic_fetch_add(&all->freed, freed);
    if (bt_store_info_get(store, &info) == BT_OK) atomic_store(&all->used, info.used_bytes);
}

static int write_on(void *none) {
    (void)none;
    bt_store *store;
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_WRITE};
    if (bt_store_open(&options, &store, NULL)) return 1;
    for (unsigned i = 0; !atomic_load(&all->stop); i++) {
        unsigned set = i / KEYS % 2 ? 0 : BT_RECORD_DISABLED;
        if (made_set_flags(store, &here.plan, i % KEYS, set, set ^ BT_RECORD_DISABLED, NULL))
            return 2;
        if (i % PERIOD == 0) look_for_dead(store);
        atomic_fetch_add(&all->commits, 1);
    }
    bt_store_close(store);
    return 0;
}

/* What the key is in a child: disabled or not, never anything else. */
static void check_once(bitting *handle, unsigned n) {
    bitting_question question = home_question(&here, n % KEYS);
    bitting_answer answer = BITTING_ANSWER_INIT;
    if (bt_check(handle, &question, &answer, NULL)) count_wrong();
    if (answer.reason != BITTING_REASON_ALLOWED && answer.reason != BITTING_REASON_DISABLED)
        count_wrong();
}

typedef struct reader {
    unsigned n;
    int ready; /* gets a byte once the process is a reader */
} reader;

static void say_ready(const reader *self) {
    if (write(self->ready, "r", 1) != 1) count_wrong();
}

/* Stands still where a check looks at its pages. */
static int hold_pages(const reader *self) {
    bt_store *store;
    bt_snapshot *snapshot;
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_READ};
    if (bt_store_open(&options, &store, NULL) || bt_snapshot_open(store, &snapshot, NULL) ||
        bt_snapshot_renew(snapshot))
        return 1;
    say_ready(self);
    return pause();
}

static int check_on(const reader *self) {
    bitting *handle;
    if (home_try(&here, "test", &handle, NULL)) return 1;
    check_once(handle, self->n);
    say_ready(self);
    for (unsigned i = 0; self->n % 3 == 1 || i < 200; i++) check_once(handle, i);
    bt_close(handle);
    return 0;
}

/* Of three readers one holds pages when it is killed, one is anywhere in its checks, one ends by itself. */
static int read_on(void *argument) {
    const reader *self = argument;
    bitting_question question = home_question(&here, 0);
    bitting_answer answer = BITTING_ANSWER_INIT;
    if (bt_check(here.handle, &question, &answer, NULL) != BITTING_ERR_FORKED) count_wrong();
    return self->n % 3 == 0 ? hold_pages(self) : check_on(self);
}

static void wait_for_commits(unsigned count) {
    unsigned until = atomic_load(&all->commits) + count;
    while (atomic_load(&all->commits) < until) usleep(200);
}

/* Gives whether it was killed. */
static bool run_reader(unsigned n) {
    int ends[2], status;
    char byte;
    bool killed = n % 3 != 2;
    ck_assert_int_eq(pipe(ends), 0);
    reader self = {.n = n, .ready = ends[1]};
    pid_t child = child_start(read_on, &self);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    wait_for_commits(2);
    if (killed) kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(killed ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(ends[0]);
    close(ends[1]);
    return killed;
}

/* A store whose freed pages are held for somebody grows with every commit. */
static void assert_pages_are_used_again(void) {
    wait_for_commits(4 * PERIOD);
    uint64_t before = atomic_load(&all->used);
    wait_for_commits(10 * PERIOD);
    ck_assert_uint_eq(atomic_load(&all->used), before);
}

static unsigned count_of_forks(void) {
    const char *wanted = getenv("BITTING_FORKS");
    return wanted ? (unsigned)atoi(wanted) : 30;
}

START_TEST(dead_reader_holds_its_pages_longer_than_a_period) {
    unsigned killed = 0;
    all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(all, MAP_FAILED);
    home_open(&here, KEYS);
    pid_t writer = child_start(write_on, NULL);
    for (unsigned n = 0; n < count_of_forks(); n++) {
        killed += run_reader(n);
        if (n % 3 == 2) continue;
        wait_for_commits(PERIOD + 1);
        ck_assert_uint_eq(atomic_load(&all->freed), killed);
        if (n % 30 == 0) assert_pages_are_used_again();
    }
    assert_pages_are_used_again();
    atomic_store(&all->stop, true);
    ck_assert_int_eq(child_end(writer), 0);
    ck_assert_uint_eq(atomic_load(&all->wrong), 0);
    printf("%u forks, %u killed, %u commits\n", count_of_forks(), killed,
           atomic_load(&all->commits));
    home_remove(&here);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("library dead readers");
    tcase_add_test(tests, dead_reader_holds_its_pages_longer_than_a_period);
    tcase_set_timeout(tests, 600);
    Suite *suite = suite_create("library dead readers");
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
