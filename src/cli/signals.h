/* The signals that a server waits for: SIGTERM and SIGINT end it, SIGHUP has it read its files again. */
#ifndef BT_CLI_SIGNALS_H
#define BT_CLI_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Blocks them in this thread and in those that it starts from now on, so that they can be waited for. */
void bt_signals_block(void);

typedef enum bt_signal { BT_SIGNAL_NONE, BT_SIGNAL_END, BT_SIGNAL_RELOAD } bt_signal;

/* Waits for one of them, up to timeout_ms. */
bt_signal bt_signals_next(int64_t timeout_ms);

/* Waits for one that ends the server, up to timeout_ms. False where none came. */
bool bt_signals_wait(int64_t timeout_ms);

typedef struct bt_signals_watch bt_signals_watch;

/* Calls act(argument) from a thread of its own when one comes. NULL without memory or threads. */
bt_signals_watch *bt_signals_watch_start(void (*act)(void *argument), void *argument);
/* No call of act begins or goes on after this. NULL is taken; returns NULL. */
bt_signals_watch *bt_signals_watch_stop(bt_signals_watch *watch);

#endif
