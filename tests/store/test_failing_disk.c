/* The system calls by which LMDB writes are replaced in this program, so that they fail when told to. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fixture.h"
#include "store/backup.h"

/* Calls that succeed before the disk fails; below 0: it does not. */
static atomic_int writes_left = -1, syncs_left = -1;
static int write_error = ENOSPC;

static bool fails(atomic_int *left) {
    return atomic_load(left) >= 0 && atomic_fetch_sub(left, 1) <= 0 &&
           (atomic_store(left, 0), true);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    if (fails(&writes_left)) return errno = write_error, -1;
    return syscall(SYS_pwrite64, file, data, size, offset);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    if (fails(&writes_left)) return errno = write_error, -1;
    return syscall(SYS_writev, file, parts, count);
}

ssize_t write(int file, const void *data, size_t size) {
    if (fails(&writes_left)) return errno = write_error, -1;
    return syscall(SYS_write, file, data, size);
}

int fdatasync(int file) {
    if (fails(&syncs_left)) return errno = EIO, -1;
    return (int)syscall(SYS_fdatasync, file);
}

static void heal(void) {
    writes_left = syncs_left = -1;
}

/* A store of 10 keys with a writer. */
static bt_writer *start(data_home *fixture, size_t map_size) {
    bt_writer *writer = NULL;
    fixture_make(fixture);
    fixture_open(fixture, map_size);
    fixture_fill(fixture, 0, 10);
    ck_assert_int_eq(bt_writer_start(fixture->store, 8192, &writer, NULL), BT_OK);
    return writer;
}

/* Submits that many creations and waits for all. Without an assertion: those write to files. */
static sample_change *attempt(bt_writer *writer, uint64_t from, size_t count) {
    sample_change *list = calloc(count, sizeof *list);
    sem_t posted;
    sem_init(&posted, 0, 0);
    for (size_t i = 0; i < count; i++) {
        list[i] = sample_change_of(SAMPLE_CREATE, from + i, &posted);
        if (bt_writer_submit(writer, &list[i].change)) abort();
    }
    for (size_t i = 0; i < count; i++) sem_wait(&posted);
    return list;
}

/* How many succeeded. Each is there, whole, if and only if it said so; those that failed said `err`. */
static size_t judge(data_home *fixture, sample_change *list, size_t count, bt_err err) {
    size_t created = 0;
    for (size_t i = 0; i < count; i++) {
        bool ok = list[i].change.fault.err == BT_OK;
        ck_assert_int_eq(sample_is_there(fixture->snapshot, list[i].n, NULL), ok);
        if (!ok) ck_assert_int_eq(list[i].change.fault.err, err);
        if (!ok) ck_assert_ptr_nonnull(strstr(list[i].change.fault.text, fixture->directory));
        created += ok;
    }
    free(list);
    return created;
}

static size_t create(data_home *fixture, bt_writer *writer, uint64_t from, size_t count,
                     bt_err err) {
    return judge(fixture, attempt(writer, from, count), count, err);
}

/* With the disk failing after each number of calls in turn: nothing is half there, and once it is
 * mended all goes on. */
static void fail_after(atomic_int *left, bt_err err, int calls) {
    data_home fixture;
    bt_writer *writer = start(&fixture, 0);
    atomic_store(left, calls);
    size_t created = create(&fixture, writer, 100, 20, err);
    heal();
    ck_assert_uint_eq(fixture_verify(&fixture), 10 + created);
    ck_assert_uint_eq(create(&fixture, writer, 200, 20, BT_OK), 20);
    ck_assert_uint_eq(fixture_verify(&fixture), 30 + created);
    bt_writer_stop(writer);
    fixture_remove(&fixture);
}

START_TEST(a_full_disk_leaves_half_a_change_or_a_dead_writer) {
    write_error = ENOSPC;
    fail_after(&writes_left, BT_ERR_EXHAUSTED, 0);
}
END_TEST

START_TEST(a_failing_sync_leaves_half_a_change_or_a_dead_writer) {
    for (int calls = 0; calls < 4; calls++) fail_after(&syncs_left, BT_ERR_UNAVAILABLE, calls);
}
END_TEST

/* A failure of the last write of a commit, that of the page that names it, ends all writing until the
 * file is opened again; whether the change is then there is not known, but if so it is whole. */
START_TEST(a_disk_that_fails_at_any_write_leaves_half_a_change) {
    for (int calls = 0; calls < 40; calls++) {
        data_home fixture;
        bt_writer *writer = start(&fixture, 0);
        write_error = calls % 2 ? EIO : ENOSPC;
        bt_err err = calls % 2 ? BT_ERR_UNAVAILABLE : BT_ERR_EXHAUSTED;
        sem_t posted;
        sem_init(&posted, 0, 0);
        sample_change list[5];
        atomic_store(&writes_left, calls);
        for (uint64_t n = 0; n < 5; n++) {
            list[n] = sample_change_of(SAMPLE_CREATE, 100 + n, &posted);
            ck_assert_int_eq(bt_writer_submit(writer, &list[n].change), BT_OK);
            sem_wait(&posted);
        }
        heal();
        bt_writer_stop(writer);
        fixture_close(&fixture);
        fixture_open(&fixture, 0);
        for (uint64_t n = 0; n < 5; n++) {
            bt_err got = list[n].change.fault.err;
            ck_assert(got == BT_OK || got == err || got == BT_ERR_UNAVAILABLE);
            bool there = sample_is_there(fixture.snapshot, 100 + n, NULL);
            if (got == BT_OK) ck_assert(there);
        }
        ck_assert_uint_ge(fixture_verify(&fixture), 10);
        fixture_remove(&fixture);
    }
}
END_TEST

START_TEST(a_full_map_ends_the_writer_or_the_readers) {
    data_home fixture;
    bt_writer *writer = start(&fixture, 1 << 20);
    size_t created = create(&fixture, writer, 1000, 4000, BT_ERR_EXHAUSTED);
    ck_assert_uint_gt(created, 0);
    ck_assert_uint_lt(created, 4000);
    ck_assert_uint_eq(fixture_verify(&fixture), 10 + created);
    /* Opened with a larger map it goes on. */
    bt_writer_stop(writer);
    fixture_close(&fixture);
    fixture_open(&fixture, 64 << 20);
    fixture_fill(&fixture, 10000, 4000);
    ck_assert_uint_eq(fixture_verify(&fixture), 4010 + created);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_limit_on_file_size_kills_the_process) {
    data_home fixture;
    bt_writer *writer = start(&fixture, 0);
    bt_store_info info;
    ck_assert_int_eq(bt_store_info_get(fixture.store, &info), BT_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {.rlim_cur = info.file_bytes, .rlim_max = RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    sample_change *list = attempt(writer, 1000, 500);
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_uint_lt(judge(&fixture, list, 500, BT_ERR_EXHAUSTED), 500);
    ck_assert_uint_eq(create(&fixture, writer, 2000, 500, BT_OK), 500);
    bt_writer_stop(writer);
    fixture_remove(&fixture);
}
END_TEST

START_TEST(a_backup_that_fails_replaces_the_one_before) {
    data_home fixture;
    bt_writer *writer = start(&fixture, 0);
    bt_writer_stop(writer);
    char path[FIXTURE_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/backup", fixture.base);
    ck_assert_int_eq(bt_store_backup(fixture.store, path, NULL), BT_OK);
    size_t before = 0, after = 0;
    FILE *file = fopen(path, "r");
    while (fgetc(file) != EOF) before++;
    fclose(file);
    fixture_fill(&fixture, 100, 500);
    for (int calls = 0; calls < 8; calls++) {
        bt_fault fault;
        write_error = ENOSPC;
        atomic_store(&writes_left, calls);
        bt_err err = bt_store_backup(fixture.store, path, &fault);
        heal();
        if (err) ck_assert_int_eq(err, BT_ERR_EXHAUSTED);
        if (calls == 0) ck_assert_ptr_nonnull(strstr(fault.text, path));
        if (calls > 0 && !err) break;
        file = fopen(path, "r");
        for (after = 0; fgetc(file) != EOF;) after++;
        fclose(file);
        ck_assert_uint_eq(after, before);
    }
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("failing_disk", a_full_disk_leaves_half_a_change_or_a_dead_writer,
          a_failing_sync_leaves_half_a_change_or_a_dead_writer,
          a_disk_that_fails_at_any_write_leaves_half_a_change,
          a_full_map_ends_the_writer_or_the_readers, a_limit_on_file_size_kills_the_process,
          a_backup_that_fails_replaces_the_one_before)
