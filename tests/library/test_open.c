/* rooms: library made_keys */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "home.h"
#include "store/share.h"

/* Any group that this test's user is not in, and root may take. */
#define GROUP 54321
#define GROUP_TEXT "54321"

static home here;
static char message[BITTING_MESSAGE_SIZE];

/* The handle is then the only one in the process that opens the store. */
static void setup(void) {
    home_make(&here, 4);
    here.store = bt_store_close(here.store);
}

static const char *path_of(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", here.directory, name);
    return path;
}

static void assert_refused(bitting_err err, const char *word) {
    bitting *handle = NULL;
    message[0] = '\0';
    ck_assert_int_eq(home_try(&here, "test", &handle, message), err);
    ck_assert_msg(strstr(message, word), "%s", message);
    ck_assert_ptr_null(handle);
}

static void assert_opens(void) {
    bitting *handle;
    bitting_err err = home_try(&here, "test", &handle, message);
    ck_assert_msg(err == BITTING_OK, "%s", message);
    bitting_question question = home_question(&here, 0);
    ck_assert_int_eq(home_ask(handle, &question), BITTING_REASON_ALLOWED);
    bt_close(handle);
}

START_TEST(pepper_that_others_can_read_is_taken) {
    setup();
    chmod(path_of("pepper"), 0644);
    assert_refused(BITTING_ERR_PRECONDITION, "pepper");
    chmod(path_of("pepper"), 0660);
    assert_refused(BITTING_ERR_PRECONDITION, "pepper");
    chmod(path_of("pepper"), 0640);
    assert_opens();
    home_remove(&here);
}
END_TEST

START_TEST(wrong_or_missing_pepper_makes_every_key_unknown) {
    setup();
    char kept[600];
    snprintf(kept, sizeof kept, "%s.kept", path_of("pepper"));
    ck_assert_int_eq(rename(path_of("pepper"), kept), 0);
    assert_refused(BITTING_ERR_PRECONDITION, "no such file");
    ck_assert_int_eq(bt_pepper_create(path_of("pepper"), NULL), BT_OK);
    assert_refused(BITTING_ERR_PRECONDITION, "another pepper");
    bitting_options options = home_options(&here);
    bitting *handle;
    options.pepper_file = kept;
    ck_assert_int_eq(bt_open(&options, &handle, message), BITTING_OK);
    bt_close(handle);
    home_remove(&here);
}
END_TEST

START_TEST(something_else_than_a_store_is_opened) {
    setup();
    home nowhere = here;
    ck_assert(bt_bytes_copy_text(bt_bytes_text(path_of("nowhere")), nowhere.directory,
                                 sizeof nowhere.directory));
    bitting *handle;
    ck_assert_int_eq(home_try(&nowhere, "test", &handle, message), BITTING_ERR_NOT_FOUND);
    ck_assert_int_eq(mkdir(nowhere.directory, 0700), 0);
    ck_assert_int_eq(home_try(&nowhere, "test", &handle, message), BITTING_ERR_NOT_FOUND);
    int file = open(path_of("bitting.mdb"), O_WRONLY | O_TRUNC);
    ck_assert_int_eq(write(file, "junk", 4), 4);
    close(file);
    assert_refused(BITTING_ERR_PRECONDITION, "bitting.mdb");
    ck_assert_int_eq(bt_open(NULL, &handle, message), BITTING_ERR_INVALID);
    bitting_options none = BITTING_OPTIONS_INIT;
    ck_assert_int_eq(bt_open(&none, &handle, message), BITTING_ERR_INVALID);
    bt_close(NULL);
    home_remove(&here);
}
END_TEST

static int ask_as_nobody(void *group) {
    bitting *handle;
    if (!child_become_nobody(*(const gid_t *)group)) return 99;
    bitting_err err = home_try(&here, "test", &handle, message);
    if (err) return (int)err;
    bitting_question question = home_question(&here, 0);
    bitting_answer answer = BITTING_ANSWER_INIT;
    err = bt_check(handle, &question, &answer, NULL);
    bt_close(handle);
    return err || !answer.allowed ? 100 : 0;
}

static void make_foreign_pepper(void) {
    ck_assert_int_eq(mkdir(path_of("peppers"), 0700), 0);
    int file = open(path_of("peppers/old"), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    close(file);
    ck_assert_int_eq(symlink("/etc/hostname", path_of("peppers/link")), 0);
}

static void assert_shared(const char *name, mode_t mode, gid_t group) {
    struct stat status;
    ck_assert_int_eq(stat(path_of(name), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, mode);
    ck_assert_uint_eq(status.st_gid, group);
}

START_TEST(shared_store_is_closed_to_its_group_or_open_to_others) {
    gid_t inside = GROUP, outside = GROUP + 1;
    if (geteuid() != 0) return; /* nobody else can be another user */
    setup();
    ck_assert_int_eq(child_run(ask_as_nobody, &inside), BITTING_ERR_UNAVAILABLE);
    bt_fault fault;
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_WRITE};
    ck_assert_int_eq(bt_store_open(&options, &here.store, &fault), BT_OK);
    ck_assert_int_eq(bt_store_lock_serving(here.store, &fault), BT_OK);
    make_foreign_pepper();
    bt_err err = bt_store_share(here.store, GROUP_TEXT, &fault);
    ck_assert_msg(err == BT_OK, "%s", fault.text);
    assert_shared("peppers", 0750, inside);
    assert_shared("peppers/old", 0640, inside);
    ck_assert_int_eq(bt_store_share(here.store, "no such group", &fault), BT_ERR_INVALID);
    ck_assert_int_eq(child_run(ask_as_nobody, &inside), 0);
    ck_assert_int_eq(child_run(ask_as_nobody, &outside), BITTING_ERR_UNAVAILABLE);
    /* The server still has its lock, and its own readers' places. */
    ck_assert_int_eq(made_insert(here.store, &here.plan, 10, 1, &fault), BT_OK);
    home_remove(&here);
}
END_TEST

START_TEST(store_whose_lock_file_cannot_be_written_is_read_without_it) {
    gid_t group = GROUP;
    if (geteuid() != 0) return;
    setup();
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_WRITE};
    ck_assert_int_eq(bt_store_open(&options, &here.store, NULL), BT_OK);
    ck_assert_int_eq(bt_store_share(here.store, GROUP_TEXT, NULL), BT_OK);
    chmod(path_of("bitting.mdb-lock"), 0640);
    ck_assert_int_eq(child_run(ask_as_nobody, &group), BITTING_ERR_UNAVAILABLE);
    home_remove(&here);
}
END_TEST

static int serve(void *ready) {
    bt_store *store;
    bt_store_options options = {.directory = here.directory, .mode = BT_STORE_WRITE};
    if (bt_store_open(&options, &store, NULL) || bt_store_lock_serving(store, NULL)) return 1;
    if (write(*(int *)ready, "r", 1) != 1) return 1;
    pause();
    return 0;
}

static int open_here(void *none) {
    (void)none;
    bitting *handle;
    return (int)home_try(&here, "test", &handle, message);
}

/* The next child is the first process of a namespace of its own. Only root can do that. */
static int open_in_another_namespace(void *none) {
    if (unshare(CLONE_NEWPID)) return BITTING_ERR_PRECONDITION;
    return child_run(open_here, none);
}

START_TEST(server_in_another_pid_namespace_is_not_noticed) {
    setup();
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t server = child_start(serve, &ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    assert_opens();
    ck_assert_int_eq(child_run(open_in_another_namespace, NULL), BITTING_ERR_PRECONDITION);
    FILE *lock = fopen(path_of("serve.lock"), "w");
    fputs("pid namespace 1\n", lock); /* as a server elsewhere would have left */
    fclose(lock);
    assert_refused(BITTING_ERR_PRECONDITION, "namespace");
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    assert_opens();
    home_remove(&here);
}
END_TEST

static void copy_file(const char *from, const char *to) {
    char block[4096];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    ck_assert(in && out);
    for (size_t size; (size = fread(block, 1, sizeof block, in));)
        ck_assert_uint_eq(fwrite(block, 1, size, out), size);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

/* As a restore does. aside: the file is kept under another name. */
static void replace_file(const char *name, bool aside) {
    char store[600], copy[600], kept[600];
    snprintf(store, sizeof store, "%s", path_of(name));
    snprintf(copy, sizeof copy, "%s", path_of("copy"));
    snprintf(kept, sizeof kept, "%s", path_of("kept"));
    copy_file(store, copy);
    if (aside) ck_assert_int_eq(rename(store, kept), 0);
    ck_assert_int_eq(rename(copy, store), 0);
}

static bitting_err ask_until_refused(bitting *handle) {
    bitting_answer answer = BITTING_ANSWER_INIT;
    bitting_question question = home_question(&here, 0);
    bitting_err err = BITTING_OK;
    time_t end = time(NULL) + 30;
    while (!err && time(NULL) < end) err = bt_check(handle, &question, &answer, message);
    ck_assert(!answer.allowed);
    return err;
}

typedef struct replacement {
    const char *name;
    bool aside;
} replacement;

static int ask_over_a_restore(void *argument) {
    const replacement *way = argument;
    bitting *handle;
    bitting_options options = home_options(&here);
    options.directory = strrchr(here.directory, '/') + 1; /* by another path than later */
    *strrchr(here.directory, '/') = '\0';
    ck_assert_int_eq(chdir(here.directory), 0);
    ck_assert_int_eq(bt_open(&options, &handle, message), BITTING_OK);
    here.directory[strlen(here.directory)] = '/';
    ck_assert_int_eq(chdir("/"), 0);
    replace_file(way->name, way->aside);
    ck_assert_int_eq(ask_until_refused(handle), BITTING_ERR_UNAVAILABLE);
    assert_refused(BITTING_ERR_UNAVAILABLE, "replaced");
    bt_close(handle);
    assert_opens();
    return 0;
}

/* Who goes on reading what was there before sees no revocation any more. */
START_TEST(store_that_was_replaced_goes_on_being_read) {
    replacement ways[] = {
        {"bitting.mdb", false}, {"bitting.mdb", true}, {"bitting.mdb-lock", false}};
    for (int i = 0; i < 3; i++) {
        setup();
        ck_assert_int_eq(child_run(ask_over_a_restore, &ways[i]), 0);
        home_remove(&here);
    }
}
END_TEST

/* Programs that this one starts are not to read whose keys there are. */
START_TEST(open_store_is_handed_on_over_exec) {
    bitting *handle;
    setup();
    ck_assert_int_eq(home_try(&here, "test", &handle, message), BITTING_OK);
    unsigned found = 0;
    for (int file = 0; file < 256; file++) {
        char name[32], path[600] = "";
        snprintf(name, sizeof name, "/proc/self/fd/%d", file);
        if (readlink(name, path, sizeof path - 1) < 0 || !strstr(path, here.directory)) continue;
        ck_assert_msg(fcntl(file, F_GETFD) & FD_CLOEXEC, "%s", path);
        found++;
    }
    ck_assert_uint_ge(found, 2);
    bt_close(handle);
    home_remove(&here);
}
END_TEST

UNIT_MAIN("library open", open_store_is_handed_on_over_exec,
          store_that_was_replaced_goes_on_being_read, pepper_that_others_can_read_is_taken,
          wrong_or_missing_pepper_makes_every_key_unknown, something_else_than_a_store_is_opened,
          shared_store_is_closed_to_its_group_or_open_to_others,
          store_whose_lock_file_cannot_be_written_is_read_without_it,
          server_in_another_pid_namespace_is_not_noticed)
