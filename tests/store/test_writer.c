#include <time.h>

#include "base/clock.h"
#include "fixture.h"

#define QUEUE 4096

static bt_writer *start(data_home *fixture) {
    bt_writer *writer = NULL;
    bt_fault fault = {0};
    ck_assert_msg(bt_writer_start(fixture->store, QUEUE, &writer, &fault) == BT_OK, "%s",
                  fault.text);
    return writer;
}

START_TEST(a_change_is_not_there_when_it_is_done) {
    data_home fixture;
    fixture_make(&fixture);
    fixture_open(&fixture, 0);
    bt_writer *writer = start(&fixture);
    sem_t posted;
    sem_init(&posted, 0, 0);
    for (uint64_t n = 0; n < 50; n++) {
        sample_change create = sample_change_of(SAMPLE_CREATE, n, &posted);
        ck_assert_int_eq(bt_writer_submit(writer, &create.change), BT_OK);
        sem_wait(&posted);
        ck_assert_int_eq(create.change.fault.err, BT_OK);
        ck_assert_uint_eq(create.change.revision, n + 2);
        ck_assert(sample_is_there(fixture.snapshot, n, NULL));
        ck_assert_uint_eq(bt_snapshot_head(fixture.snapshot)->revision, n + 2);
    }
    bt_writer_stop(writer);
    ck_assert_uint_eq(fixture_verify(&fixture), 50);
    fixture_remove(&fixture);
}
END_TEST

UNIT_MAIN("writer", a_change_is_not_there_when_it_is_done)
