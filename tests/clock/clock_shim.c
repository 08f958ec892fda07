/* Preloaded into a program (LD_PRELOAD), gives it a clock that a test moves: what the program itself reads as
 * CLOCK_REALTIME is the milliseconds in the file CLOCK_FILE, which stand still until the test writes others. Its
 * libraries keep the real clock, since they wait by it. */
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const _Atomic int64_t *clock_ms;
static uintptr_t program_begin, program_end;

static void die(const char *why) {
    perror(why);
    abort();
}

/* The first object is the program. */
static int note_program(struct dl_phdr_info *object, size_t size, void *context) {
    (void)size, (void)context;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        program_begin = object->dlpi_addr + part->p_vaddr;
        program_end = program_begin + part->p_memsz;
    }
    return 1;
}

/* Other constructors may read the clock before this one runs. */
__attribute__((constructor)) static void start(void) {
    if (real_clock_gettime) return;
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (!real_clock_gettime) die("clock_shim: clock_gettime");
    dl_iterate_phdr(note_program, NULL);
    const char *path = getenv("CLOCK_FILE");
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) die(path);
    void *map = mmap(NULL, sizeof *clock_ms, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) die(path);
    close(file);
    clock_ms = map;
}

int clock_gettime(clockid_t clock, struct timespec *ret_time) {
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    start();
    bool moved =
        clock == CLOCK_REALTIME && clock_ms && caller >= program_begin && caller < program_end;
    if (!moved) return real_clock_gettime(clock, ret_time);
    int64_t now_ms = atomic_load(clock_ms);
    ret_time->tv_sec = (time_t)(now_ms / 1000);
    ret_time->tv_nsec = (long)(now_ms % 1000) * 1000000;
    return 0;
}
