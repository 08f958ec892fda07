#include "figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* Of all threads of a process so far, in nanoseconds. */
static uint64_t processor_time(int pid) {
    char command[96], text[64] = "0";
    if (!pid) return 0;
    snprintf(command, sizeof command,
             "cat /proc/%d/task/*/schedstat | awk '{s += $1} END {printf \"%%.0f\", s}'", pid);
    FILE *pipe = popen(command, "r");
    if (!pipe || !fgets(text, sizeof text, pipe)) {
        fprintf(stderr, "no processor time of process %d\n", pid);
        exit(1);
    }
    pclose(pipe);
    return strtoull(text, NULL, 10);
}

static double now_s(void) {
    return (double)bt_clock_monotonic_ns() / 1e9;
}

void figures_begin(figures *of) {
    of->done = of->wrong = 0;
    histogram_clear(&of->latency);
    of->processor_ns = processor_time(of->pid);
    of->seconds = now_s();
}

void figures_add(figures *of, int64_t took_ns, bool right) {
    of->done++;
    if (!right) of->wrong++;
    histogram_add(&of->latency, took_ns);
}

static double at_us(const figures *of, double part) {
    return (double)histogram_at(&of->latency, part) / 1000;
}

int figures_end(figures *of) {
    of->seconds = now_s() - of->seconds;
    of->processor_ns = processor_time(of->pid) - of->processor_ns;
    printf("{\"calls\": %" PRIu64 ", \"wrong\": %" PRIu64 ", \"rate\": %.0f", of->done, of->wrong,
           (double)of->done / of->seconds);
    if (of->pid && of->done)
        printf(", \"cpu_us\": %.3f", (double)of->processor_ns / (double)of->done / 1000);
    printf(", \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n",
           at_us(of, 0.5), at_us(of, 0.9), at_us(of, 0.99), at_us(of, 0.999));
    return of->wrong || !of->done ? 1 : 0;
}
