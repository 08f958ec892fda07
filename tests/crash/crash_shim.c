/* Preloaded into a program (LD_PRELOAD), keeps what the program's store would be after a power failure: notes
 * each write to the store in the journal, with what was there before, and forgets it when the file is synced.
 * Writes through a file that was opened with O_DSYNC are synced when they return.
 *
 *   CRASH_JOURNAL      the journal's path
 *   CRASH_KILL_AT      kills the program at that system call on the store: 3 moments a write (before, when half
 *                      is written, after) and 2 a sync or a move (before, after)
 *   CRASH_LOSE_SYNCS   a disk that lies: syncs return, and nothing is taken for synced
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crash_journal.h"

#define FILES_MAX 1024

enum { TRACKED = 1, SYNCED_WRITES = 2 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static journal *noted;
static uint8_t files[FILES_MAX]; /* by descriptor */
static bool lose_syncs;
static long kill_at = -1, moments;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fdatasync)(int);
static int (*real_fsync)(int);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_ftruncate)(int, off_t);
static int (*real_close)(int);

static void die(const char *why) {
    fprintf(stderr, "crash_shim: %s: %s\n", why, strerror(errno));
    abort();
}

static void *next(const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    if (!symbol) die(name);
    return symbol;
}

static void map_journal(const char *path) {
    int file = real_open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || real_ftruncate(file, (off_t)JOURNAL_SIZE)) die(path);
    noted = mmap(NULL, JOURNAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (noted == MAP_FAILED) die(path);
    real_close(file);
    noted->magic = JOURNAL_MAGIC;
}

/* Other constructors may write before this one runs. */
__attribute__((constructor)) static void start(void) {
    if (real_close) return;
    *(void **)&real_open = next("open");
    *(void **)&real_pwrite = next("pwrite");
    *(void **)&real_writev = next("writev");
    *(void **)&real_write = next("write");
    *(void **)&real_fdatasync = next("fdatasync");
    *(void **)&real_fsync = next("fsync");
    *(void **)&real_renameat = next("renameat");
    *(void **)&real_ftruncate = next("ftruncate");
    *(void **)&real_close = next("close");
    const char *path = getenv("CRASH_JOURNAL"), *at = getenv("CRASH_KILL_AT");
    if (at) kill_at = atol(at);
    lose_syncs = getenv("CRASH_LOSE_SYNCS") != NULL;
    if (path) map_journal(path);
}

/* A program that runs one of its own, as a shell does, is not of interest itself. */
static bool is_tracked(int file) {
    return noted && file >= 0 && file < FILES_MAX && files[file] & TRACKED;
}

static void moment(void) {
    if (moments++ == kill_at) kill(getpid(), SIGKILL);
}

static bool ends_with(const char *path, const char *end) {
    size_t size = strlen(path), end_size = strlen(end);
    return size >= end_size && strcmp(path + size - end_size, end) == 0;
}

static void begin_tracking(int file, const char *path, int flags) {
    if (file >= FILES_MAX) die("a descriptor above the table");
    struct stat status;
    if (fstat(file, &status)) die(path);
    pthread_mutex_lock(&mutex);
    files[file] = (uint8_t)(TRACKED | ((flags & O_DSYNC) == O_DSYNC ? SYNCED_WRITES : 0));
    if (strcmp(noted->to, path) != 0) noted->synced_size = status.st_size;
    snprintf(noted->to, sizeof noted->to, "%s", path);
    pthread_mutex_unlock(&mutex);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    start();
    int file = real_open(path, flags, mode);
    bool store = ends_with(path, "/bitting.mdb") || ends_with(path, "/bitting.mdb.new");
    if (noted && file >= 0 && store && (flags & O_ACCMODE) != O_RDONLY)
        begin_tracking(file, path, flags);
    return file;
}

int close(int file) {
    start();
    if (is_tracked(file)) files[file] = 0;
    return real_close(file);
}

static journal_record *record_at(uint64_t used) {
    return (journal_record *)((char *)noted + sizeof *noted + used);
}

static uint64_t record_size(uint64_t had) {
    return (sizeof(journal_record) + had + 7) & ~UINT64_C(7);
}

/* Returns what `used` was before. */
static uint64_t note(int file, off_t offset, size_t size) {
    uint64_t before = noted->used;
    if (sizeof *noted + before + record_size(size) > JOURNAL_SIZE) die("the journal is full");
    journal_record *record = record_at(before);
    ssize_t had = pread(file, record + 1, size, offset);
    if (had < 0) {
        /* Opened for writing alone, as LMDB does with the file of its last write. */
        int reader = real_open(noted->to, O_RDONLY | O_CLOEXEC);
        had = pread(reader, record + 1, size, offset);
        real_close(reader);
    }
    if (had < 0) die("what was there cannot be read");
    *record = (journal_record){.offset = offset, .size = size, .had = (uint64_t)had};
    __atomic_store_n(&noted->used, before + record_size((uint64_t)had), __ATOMIC_RELEASE);
    noted->writes++;
    return before;
}

static ssize_t tracked_pwrite(int file, const char *data, size_t size, off_t offset) {
    pthread_mutex_lock(&mutex);
    uint64_t before = note(file, offset, size);
    moment();
    ssize_t half = real_pwrite(file, data, size / 2, offset);
    moment();
    ssize_t rest =
        half < 0 ? half : real_pwrite(file, data + half, size - (size_t)half, offset + half);
    moment();
    /* The note before it would have to go with it, so nothing else may be unsynced. */
    if (files[file] & SYNCED_WRITES && !lose_syncs) noted->used = before;
    pthread_mutex_unlock(&mutex);
    return rest < 0 ? rest : half + rest;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset) {
    start();
    return is_tracked(file) ? tracked_pwrite(file, data, size, offset)
                            : real_pwrite(file, data, size, offset);
}

ssize_t write(int file, const void *data, size_t size) {
    start();
    if (!is_tracked(file)) return real_write(file, data, size);
    off_t at = lseek(file, 0, SEEK_CUR);
    ssize_t written = tracked_pwrite(file, data, size, at);
    if (written > 0) lseek(file, at + written, SEEK_SET);
    return written;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    start();
    if (!is_tracked(file)) return real_writev(file, parts, count);
    ssize_t whole = 0;
    for (int i = 0; i < count; i++) {
        ssize_t written = write(file, parts[i].iov_base, parts[i].iov_len);
        if (written < 0) return written;
        whole += written;
    }
    return whole;
}

int ftruncate(int file, off_t size) {
    if (is_tracked(file)) die("the store is truncated, which is not noted");
    return real_ftruncate(file, size);
}

static int sync_store(int file, int (*real)(int)) {
    pthread_mutex_lock(&mutex);
    uint64_t written = noted->used;
    moment();
    int result = real(file);
    moment();
    struct stat status;
    if (result == 0 && !lose_syncs && fstat(file, &status) == 0) {
        if (noted->used != written) die("a write during a sync");
        noted->synced_size = status.st_size;
        noted->used = 0;
    }
    noted->syncs++;
    pthread_mutex_unlock(&mutex);
    return result;
}

/* Whether it is the directory that the store was moved in. */
static bool is_home(int file) {
    char home[JOURNAL_PATH_SIZE];
    struct stat status, home_status;
    snprintf(home, sizeof home, "%s", noted->to);
    char *slash = strrchr(home, '/');
    if (!slash) return false;
    *slash = '\0';
    return fstat(file, &status) == 0 && stat(home, &home_status) == 0 &&
           status.st_ino == home_status.st_ino && status.st_dev == home_status.st_dev;
}

int fdatasync(int file) {
    return is_tracked(file) ? sync_store(file, real_fdatasync) : real_fdatasync(file);
}

int fsync(int file) {
    if (is_tracked(file)) return sync_store(file, real_fsync);
    int result = real_fsync(file);
    if (noted && result == 0 && !lose_syncs && is_home(file)) noted->move_unsynced = 0;
    return result;
}

/* The only thing that is moved to that name is the store. The journal says so first: whoever reads it finds
 * the file under one name or the other. */
static void note_move(const char *to) {
    snprintf(noted->from, sizeof noted->from, "%s", noted->to);
    char *slash = strrchr(noted->to, '/');
    if (slash) snprintf(slash + 1, sizeof noted->to - (size_t)(slash + 1 - noted->to), "%s", to);
    noted->move_unsynced = 1;
    noted->moves++;
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    if (!noted || strcmp(to, "bitting.mdb") != 0)
        return real_renameat(from_directory, from, to_directory, to);
    pthread_mutex_lock(&mutex);
    note_move(to);
    moment();
    int result = real_renameat(from_directory, from, to_directory, to);
    moment();
    pthread_mutex_unlock(&mutex);
    return result;
}
