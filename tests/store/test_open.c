#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "key/digest.h"

static const char *path_in(const data_home *fixture, const char *name) {
    static char path[2 * FIXTURE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", fixture->directory, name);
    return path;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(chmod(path, 0600), 0);
    fputs(text, file);
    fclose(file);
}

static unsigned mode_of(const char *path) {
    struct stat status;
    ck_assert_msg(stat(path, &status) == 0, "%s is missing", path);
    return status.st_mode & 07777;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* The directory cannot be opened in this mode, and the text has the directory and these words. */
static void refused(data_home *fixture, bt_store_mode mode, bt_err err, const char *words) {
    bt_fault fault;
    ck_assert_int_eq(fixture_try(fixture, mode, &fault), err);
    ck_assert_int_eq(fault.err, err);
    ck_assert_msg(strstr(fault.text, fixture->directory) && strstr(fault.text, words),
                  "'%s' says nothing of '%s'", fault.text, words);
    ck_assert_ptr_null(fixture->store);
}

/* A directory with a store of one key, closed. */
static void make_store(data_home *fixture) {
    fixture_make(fixture);
    fixture_open(fixture, 0);
    ck_assert_int_eq(sample_apply(fixture->store, SAMPLE_CREATE, 1), BT_OK);
    fixture_close(fixture);
}

START_TEST(a_new_store_can_be_read_by_others) {
    data_home fixture;
    fixture_make(&fixture);
    umask(0);
    fixture_open(&fixture, 0);
    ck_assert_uint_eq(mode_of(fixture.directory), 0700);
    ck_assert_uint_eq(mode_of(path_in(&fixture, "bitting.mdb")), 0600);
    ck_assert_uint_eq(mode_of(path_in(&fixture, "bitting.mdb-lock")), 0600);
    ck_assert_uint_eq(mode_of(path_in(&fixture, "pepper")), 0600);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_new_store_lacks_its_environment_or_catalogue) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    ck_assert_int_eq(bt_snapshot_renew(fixture.snapshot), BT_OK);
    const bt_environments *environments = bt_snapshot_environments(fixture.snapshot);
    ck_assert_uint_eq(environments->count, 1);
    ck_assert_str_eq(environments->list[0].name, "test");
    ck_assert_str_eq(environments->list[0].prefix, "bt_test");
    static bt_catalogue shipped;
    bt_catalogue_default(&shipped);
    shipped.generation = 1;
    ck_assert_mem_eq(bt_snapshot_catalogue(fixture.snapshot), &shipped, sizeof shipped);
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->live, shipped.live);
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, 1);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(directories_above_the_store_are_not_made) {
    data_home fixture;
    fixture_make(&fixture);
    strcat(fixture.directory, "/deep/er");
    fixture_open(&fixture, 0);
    ck_assert_uint_eq(mode_of(fixture.directory), 0700);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_store_forgets_when_it_is_opened_again) {
    data_home fixture;
    make_store(&fixture);
    fixture_open(&fixture, 0);
    ck_assert(sample_is_there(fixture.snapshot, 1, NULL));
    ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, 2);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_missing_store_is_made_by_those_who_only_use_it) {
    data_home fixture;
    fixture_make(&fixture);
    refused(&fixture, BT_STORE_READ, BT_ERR_NOT_FOUND, "there is none");
    refused(&fixture, BT_STORE_WRITE, BT_ERR_NOT_FOUND, "there is none");
    ck_assert(!exists(fixture.directory));
    ck_assert_int_eq(mkdir(fixture.directory, 0700), 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_NOT_FOUND, "bitting serve --data");
    refused(&fixture, BT_STORE_WRITE, BT_ERR_NOT_FOUND, "bitting serve --data");
    ck_assert(!exists(path_in(&fixture, "pepper")));
    ck_assert(!exists(path_in(&fixture, "bitting.mdb-lock")));
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_directory_of_something_else_is_taken_over) {
    data_home fixture;
    fixture_make(&fixture);
    ck_assert_int_eq(mkdir(fixture.directory, 0700), 0);
    write_file(path_in(&fixture, "letters.txt"), "dear");
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "letters.txt");
    ck_assert(!exists(path_in(&fixture, "pepper")));
    ck_assert(!exists(path_in(&fixture, "bitting.mdb")));
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_file_is_taken_for_a_directory) {
    data_home fixture;
    fixture_make(&fixture);
    write_file(fixture.directory, "");
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "not a directory");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_directory_that_everybody_can_write_to_is_trusted) {
    data_home fixture;
    make_store(&fixture);
    ck_assert_int_eq(chmod(fixture.directory, 0777), 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "chmod 700");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_file_that_is_no_store_is_taken_for_one) {
    data_home fixture;
    make_store(&fixture);
    const char *path = path_in(&fixture, "bitting.mdb");
    write_file(path, "");
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "store of bitting");
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_size, 0);
    char text[10000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    write_file(path_in(&fixture, "bitting.mdb"), text);
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "store of bitting");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_store_that_is_cut_short_is_read) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    fixture_fill(&fixture, 0, 8000);
    fixture_close(&fixture);
    ck_assert_int_eq(truncate(path_in(&fixture, "bitting.mdb"), 65536), 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "cut short");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_start_that_was_cut_off_cannot_be_repeated) {
    static const char *const states[][2] = {
        {"pepper.new", ""},
        {"bitting.mdb.new", ""},
        {"bitting.mdb.new", "half of a page"},
        {"bitting.mdb-lock", ""},
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        for (int pepper = 0; pepper < 2; pepper++) {
            data_home fixture;
            fixture_make(&fixture);
            ck_assert_int_eq(mkdir(fixture.directory, 0700), 0);
            write_file(path_in(&fixture, states[i][0]), states[i][1]);
            if (pepper)
                ck_assert_int_eq(bt_pepper_create(path_in(&fixture, "pepper"), NULL), BT_OK);
            fixture_open(&fixture, 0);
            ck_assert(!exists(path_in(&fixture, "bitting.mdb.new")));
            ck_assert_int_eq(sample_apply(fixture.store, SAMPLE_CREATE, 1), BT_OK);
            fixture_remove(&fixture);
        }
}
END_TEST

START_TEST(a_store_without_its_pepper_gets_another) {
    data_home fixture;
    make_store(&fixture);
    unlink(path_in(&fixture, "pepper"));
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "no such file");
    ck_assert(!exists(path_in(&fixture, "pepper")));
    ck_assert_int_eq(bt_pepper_create(path_in(&fixture, "pepper"), NULL), BT_OK);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "every key would be unknown");
    refused(&fixture, BT_STORE_CREATE, BT_ERR_PRECONDITION, "every key would be unknown");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_pepper_that_others_can_read_is_used) {
    data_home fixture;
    make_store(&fixture);
    ck_assert_int_eq(chmod(path_in(&fixture, "pepper"), 0644), 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "chmod 600");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_named_pepper_is_not_the_one_that_is_used) {
    data_home fixture;
    fixture_make(&fixture);
    char path[2 * FIXTURE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/elsewhere", fixture.base);
    bt_store_options options = {
        .directory = fixture.directory, .mode = BT_STORE_CREATE, .pepper_file = path};
    ck_assert_int_eq(bt_store_open(&options, &fixture.store, NULL), BT_OK);
    ck_assert_uint_eq(mode_of(path), 0600);
    ck_assert(!exists(path_in(&fixture, "pepper")));
    fixture_close(&fixture);
    ck_assert_int_eq(bt_store_open(&options, &fixture.store, NULL), BT_OK);
    fixture_close(&fixture);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "no such file");
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_systemd_credential_is_not_used) {
    data_home fixture;
    fixture_make(&fixture);
    char path[2 * FIXTURE_PATH_SIZE];
    snprintf(path, sizeof path, "%s/bitting-pepper", fixture.base);
    ck_assert_int_eq(bt_pepper_create(path, NULL), BT_OK);
    setenv("CREDENTIALS_DIRECTORY", fixture.base, 1);
    fixture_open(&fixture, 0);
    ck_assert(!exists(path_in(&fixture, "pepper")));
    fixture_close(&fixture);
    unsetenv("CREDENTIALS_DIRECTORY");
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "no such file");
    /* Credentials of which none is ours leave it at the default. */
    setenv("CREDENTIALS_DIRECTORY", "/nonexistent", 1);
    refused(&fixture, BT_STORE_READ, BT_ERR_PRECONDITION, "no such file");
    fixture_remove(&fixture);
}
END_TEST

/* Root may do everything: what follows is done as another user. */
static void drop_root(const data_home *fixture) {
    if (geteuid() != 0) return;
    ck_assert_int_eq(chown(fixture->base, 65534, 65534), 0);
    ck_assert_int_eq(setgid(65534), 0);
    ck_assert_int_eq(setuid(65534), 0);
}

START_TEST(a_directory_that_may_not_be_written_to_is_no_error) {
    data_home fixture;
    fixture_make(&fixture);
    drop_root(&fixture);
    ck_assert_int_eq(mkdir(fixture.directory, 0500), 0);
    refused(&fixture, BT_STORE_CREATE, BT_ERR_UNAVAILABLE, "Permission denied");
    chmod(fixture.directory, 0700);
    fixture_open(&fixture, 0);
    fixture_close(&fixture);
    chmod(path_in(&fixture, "bitting.mdb"), 0400);
    refused(&fixture, BT_STORE_CREATE, BT_ERR_UNAVAILABLE, "run as the user");
    chmod(path_in(&fixture, "bitting.mdb-lock"), 0400);
    refused(&fixture, BT_STORE_READ, BT_ERR_UNAVAILABLE, "run as the user");
    chmod(fixture.directory, 0);
    refused(&fixture, BT_STORE_READ, BT_ERR_UNAVAILABLE, "Permission denied");
    chmod(fixture.directory, 0700);
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("open", a_new_store_can_be_read_by_others, a_new_store_lacks_its_environment_or_catalogue,
          directories_above_the_store_are_not_made, a_store_forgets_when_it_is_opened_again,
          a_missing_store_is_made_by_those_who_only_use_it,
          a_directory_of_something_else_is_taken_over, a_file_is_taken_for_a_directory,
          a_directory_that_everybody_can_write_to_is_trusted,
          a_file_that_is_no_store_is_taken_for_one, a_store_that_is_cut_short_is_read,
          a_start_that_was_cut_off_cannot_be_repeated, a_store_without_its_pepper_gets_another,
          a_pepper_that_others_can_read_is_used, a_named_pepper_is_not_the_one_that_is_used,
          a_systemd_credential_is_not_used, a_directory_that_may_not_be_written_to_is_no_error)
