#include "h2/mailbox.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

bt_err bt_h2_mailbox_init(bt_h2_mailbox *mailbox) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) return BT_ERR_EXHAUSTED;
    atomic_init(&mailbox->newest, NULL);
    mailbox->event_fd = fd;
    return BT_OK;
}

void bt_h2_mailbox_close(bt_h2_mailbox *mailbox) {
    close(mailbox->event_fd);
}

void bt_h2_mailbox_post(bt_h2_mailbox *mailbox, bt_h2_letter *letter) {
    bt_h2_letter *newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
    do letter->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, letter,
                                                  memory_order_release, memory_order_relaxed));
    if (newest) return; /* who posted into the empty box wakes the worker for both */
    eventfd_write(mailbox->event_fd, 1);
}

void bt_h2_mailbox_open(bt_h2_mailbox *mailbox) {
    eventfd_t count;
    (void)eventfd_read(mailbox->event_fd, &count);
    bt_h2_letter *newest = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
    bt_h2_letter *oldest = NULL;
    while (newest) {
        bt_h2_letter *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest) {
        bt_h2_letter *next = oldest->next;
        oldest->open(oldest);
        oldest = next;
    }
}
