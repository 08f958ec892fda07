#include "cli/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct bt_signals_watch {
    pthread_t thread;
    atomic_bool over;
    void (*act)(void *argument);
    void *argument;
};

/* How long the watch may take to see that it is over. */
#define WATCH_MS 20

static sigset_t ending(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static sigset_t all(void) {
    sigset_t set = ending();
    sigaddset(&set, SIGHUP);
    return set;
}

void bt_signals_block(void) {
    sigset_t set = all();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* The signal; 0 where none came. */
static int wait_for(sigset_t set, int64_t timeout_ms) {
    int64_t end_ns = bt_clock_monotonic_ns() + timeout_ms * 1000000;
    for (;;) {
        int64_t left_ns = end_ns - bt_clock_monotonic_ns();
        if (left_ns < 0) left_ns = 0;
        struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
        int number = sigtimedwait(&set, NULL, &left);
        if (number > 0) return number;
        if (errno != EINTR) return 0;
    }
}

bt_signal bt_signals_next(int64_t timeout_ms) {
    int number = wait_for(all(), timeout_ms);
    if (number == 0) return BT_SIGNAL_NONE;
    return number == SIGHUP ? BT_SIGNAL_RELOAD : BT_SIGNAL_END;
}

bool bt_signals_wait(int64_t timeout_ms) {
    return wait_for(ending(), timeout_ms) != 0;
}

static void *watch_signals(void *argument) {
    bt_signals_watch *watch = argument;
    while (!watch->over) {
        if (!bt_signals_wait(WATCH_MS)) continue;
        watch->act(watch->argument);
        break;
    }
    return NULL;
}

bt_signals_watch *bt_signals_watch_start(void (*act)(void *argument), void *argument) {
    bt_signals_watch *watch = calloc(1, sizeof *watch);
    if (!watch) return NULL;
    watch->act = act;
    watch->argument = argument;
    if (pthread_create(&watch->thread, NULL, watch_signals, watch) == 0) return watch;
    free(watch);
    return NULL;
}

bt_signals_watch *bt_signals_watch_stop(bt_signals_watch *watch) {
    if (!watch) return NULL;
    watch->over = true;
    pthread_join(watch->thread, NULL);
    free(watch);
    return NULL;
}
