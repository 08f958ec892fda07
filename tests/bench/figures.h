/* What a load generator prints. */
#ifndef BT_TESTS_FIGURES_H
#define BT_TESTS_FIGURES_H

#include <stdbool.h>

#include "histogram.h"

typedef struct figures {
    uint64_t done, wrong;
    double seconds;
    int pid;               /* the server's; 0: its processor time is not known */
    uint64_t processor_ns; /* that it took */
    histogram latency;     /* in nanoseconds */
} figures;

/* Starts anew, now. */
void figures_begin(figures *figures);
/* Counts a call that has ended. */
void figures_add(figures *figures, int64_t took_ns, bool right);
/* Ends, and prints one line of JSON. The program's exit status: 1 where an answer was wrong, or there was none. */
int figures_end(figures *figures);

#endif
