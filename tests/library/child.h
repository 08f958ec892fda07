/* Parts of a test that run in a process of their own. */
#ifndef BT_TESTS_LIBRARY_CHILD_H
#define BT_TESTS_LIBRARY_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

typedef int child_work(void *argument);

/* Runs work in a child made by fork; its exit code is what work returns. */
pid_t child_start(child_work *work, void *argument);
/* Waits, and gives the exit code; fails the test where the child was ended by a signal. */
int child_end(pid_t child);
/* Both. */
int child_run(child_work *work, void *argument);

/* As another user (65534), in `group` alone. Only root can do that: false where this process is not. */
bool child_become_nobody(gid_t group);

#endif
