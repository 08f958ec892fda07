/* Letters to a worker from other threads. Posting takes no lock and never waits; the worker opens what
 * has come when its event file descriptor is readable. */
#ifndef BT_H2_MAILBOX_H
#define BT_H2_MAILBOX_H

#include <stdatomic.h>

#include "base/err.h"

/* Part of the thing that is sent. The sender gives it away with the post. */
typedef struct bt_h2_letter bt_h2_letter;
struct bt_h2_letter {
    bt_h2_letter *next;
    /* On the worker's thread; the letter is its again, to free or to send once more. */
    void (*open)(bt_h2_letter *letter);
};

typedef struct bt_h2_mailbox {
    _Atomic(bt_h2_letter *) newest;
    int event_fd;
} bt_h2_mailbox;

/* BT_ERR_EXHAUSTED: no file descriptor left. */
bt_err bt_h2_mailbox_init(bt_h2_mailbox *mailbox);
/* Nobody may post any more; letters that came have been opened. */
void bt_h2_mailbox_close(bt_h2_mailbox *mailbox);

void bt_h2_mailbox_post(bt_h2_mailbox *mailbox, bt_h2_letter *letter);

/* Opens all that has come, in the order of posting. */
void bt_h2_mailbox_open(bt_h2_mailbox *mailbox);

#endif
