#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GROWTH ((size_t)16 << 20)

/* Bytes that are resident and not of a file; 0 where the system does not tell. */
static size_t resident(void) {
    char line[128] = "", *at = line;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    bool read = fgets(line, sizeof line, file);
    fclose(file);
    if (!read) return 0;
    strtoul(at, &at, 10); /* of the address space */
    size_t present = strtoul(at, &at, 10), of_files = strtoul(at, &at, 10);
    return of_files > present ? 0 : (present - of_files) * (size_t)sysconf(_SC_PAGESIZE);
}

/* What the allocator holds for nobody, and what is not the allocator's: stacks, mappings. */
static size_t idle_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    size_t present = resident(), used = info.uordblks + info.hblkhd;
    return present > used ? present - used : 0;
}

bool bt_memory_tidy(bt_memory *memory) {
    size_t idle = idle_bytes();
    if (idle < memory->idle) memory->idle = idle;
    if (idle - memory->idle < GROWTH) return false;
    malloc_trim(0);
    memory->idle = idle_bytes();
    return true;
}
