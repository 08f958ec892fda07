/* rooms: base */
/* Takes from a store what a power failure could have taken when its program was killed under crash_shim.c.
 *
 *   crash_rollback JOURNAL none|all|512|4096 SEED
 *
 * all: every write that was not synced. 512, 4096: of every block of that size that such a write touched,
 * whether it is lost is drawn; and the length of the file, and whether it was moved to its place, likewise. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash_journal.h"

typedef struct choice {
    bool all;
    uint64_t block;
    uint64_t seed;
} choice;

static void die(const char *what) {
    fprintf(stderr, "crash_rollback: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t mix(uint64_t n) {
    n += UINT64_C(0x9E3779B97F4A7C15);
    n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
    return n ^ n >> 31;
}

/* The same answer for a thing whenever it is asked. */
static bool lost(const choice *how, uint64_t thing) {
    return how->all || mix(how->seed ^ mix(thing)) & 1;
}

/* NULL where the program was killed before it had begun one. */
static const journal *map_journal(const char *path) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) return NULL;
    if (file < 0 || fstat(file, &status)) die(path);
    if (status.st_size == 0) return NULL;
    const journal *noted = mmap(NULL, JOURNAL_SIZE, PROT_READ, MAP_SHARED, file, 0);
    if (noted == MAP_FAILED) die(path);
    return noted->magic == JOURNAL_MAGIC ? noted : NULL;
}

/* Bytes that were not there are zeros, as in a file that grew and whose block was not written. */
static void put_back(int store, const journal_record *record, const choice *how) {
    uint8_t *was = calloc(1, record->size);
    if (!was) die("memory");
    memcpy(was, record + 1, record->had);
    uint64_t start = (uint64_t)record->offset, end = start + record->size;
    for (uint64_t at = start; at < end;) {
        uint64_t next = (at / how->block + 1) * how->block;
        if (next > end) next = end;
        if (lost(how, at / how->block) &&
            pwrite(store, was + (at - start), next - at, (off_t)at) != (ssize_t)(next - at))
            die("write");
        at = next;
    }
    free(was);
}

/* Latest first, so that what was there before the first of several writes is what stays. */
static uint64_t put_all_back(int store, const journal *noted, const choice *how) {
    const char *start = (const char *)(noted + 1);
    uint64_t count = 0;
    for (uint64_t at = 0; at < noted->used; count++)
        at += (sizeof(journal_record) + ((const journal_record *)(start + at))->had + 7) &
              ~UINT64_C(7);
    const journal_record **list = calloc(count + 1, sizeof *list);
    if (!list) die("memory");
    const char *at = start;
    for (uint64_t i = 0; i < count; i++) {
        list[i] = (const journal_record *)at;
        at += (sizeof(journal_record) + list[i]->had + 7) & ~UINT64_C(7);
    }
    for (uint64_t i = count; i-- > 0;) put_back(store, list[i], how);
    free(list);
    return count;
}

static void cut(int store, const journal *noted, const choice *how) {
    struct stat status;
    if (fstat(store, &status)) die("stat");
    if (status.st_size <= noted->synced_size || !lost(how, UINT64_MAX)) return;
    int64_t more = status.st_size - noted->synced_size;
    int64_t kept = how->all ? 0 : (int64_t)(mix(how->seed) % (uint64_t)more);
    if (ftruncate(store, noted->synced_size + kept / 4096 * 4096)) die("truncate");
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: %s JOURNAL none|all|512|4096 SEED\n", argv[0]), 2;
    const journal *noted = map_journal(argv[1]);
    if (!noted || !noted->to[0]) return printf("unsynced 0\n"), 0;
    uint64_t block = strtoull(argv[2], NULL, 10);
    choice how = {
        .all = block == 0, .block = block ? block : 4096, .seed = strtoull(argv[3], NULL, 10)};
    printf("writes %llu syncs %llu moves %llu", (unsigned long long)noted->writes,
           (unsigned long long)noted->syncs, (unsigned long long)noted->moves);
    if (strcmp(argv[2], "none") == 0) return printf(" unsynced 0\n"), 0;
    int store = open(noted->to, O_RDWR | O_CLOEXEC);
    if (store < 0 && noted->move_unsynced) store = open(noted->from, O_RDWR | O_CLOEXEC);
    if (store < 0) die(noted->to);
    uint64_t unsynced = put_all_back(store, noted, &how);
    cut(store, noted, &how);
    close(store);
    if (noted->move_unsynced && lost(&how, UINT64_MAX - 1) && rename(noted->to, noted->from) &&
        errno != ENOENT)
        die("rename");
    printf(" unsynced %llu\n", (unsigned long long)unsynced);
    return 0;
}
