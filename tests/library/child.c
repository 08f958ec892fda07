#include <grp.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

pid_t child_start(child_work *work, void *argument) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) _exit(work(argument));
    return child;
}

int child_end(pid_t child) {
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "a child was ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

int child_run(child_work *work, void *argument) {
    return child_end(child_start(work, argument));
}

bool child_become_nobody(gid_t group) {
    return setgroups(0, NULL) == 0 && setgid(group) == 0 && setuid(65534) == 0;
}
