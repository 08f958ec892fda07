#include <poll.h>
#include <pthread.h>

#include "h2/mailbox.h"
#include "unit.h"

#define THREADS 4
#define LETTERS 20000

typedef struct numbered {
    bt_h2_letter letter;
    int thread, number;
} numbered;

static int seen[THREADS];
static int out_of_order;

static void open_numbered(bt_h2_letter *letter) {
    numbered *own = (numbered *)letter;
    if (own->number != seen[own->thread]) out_of_order++;
    seen[own->thread]++;
    free(own);
}

typedef struct poster {
    bt_h2_mailbox *mailbox;
    int thread;
} poster;

static void *post(void *user) {
    const poster *own = user;
    for (int i = 0; i < LETTERS; i++) {
        numbered *letter = malloc(sizeof *letter);
        *letter = (numbered){{NULL, open_numbered}, own->thread, i};
        bt_h2_mailbox_post(own->mailbox, &letter->letter);
    }
    return NULL;
}

static int total(void) {
    int sum = 0;
    for (int i = 0; i < THREADS; i++) sum += seen[i];
    return sum;
}

START_TEST(every_letter_arrives_once_and_in_the_order_of_its_sender) {
    bt_h2_mailbox mailbox;
    ck_assert_int_eq(bt_h2_mailbox_init(&mailbox), BT_OK);
    pthread_t threads[THREADS];
    poster posters[THREADS];
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (poster){&mailbox, i};
        pthread_create(&threads[i], NULL, post, &posters[i]);
    }
    while (total() < THREADS * LETTERS) {
        struct pollfd wait = {.fd = mailbox.event_fd, .events = POLLIN};
        ck_assert_int_eq(poll(&wait, 1, 30000), 1); /* a lost wake-up would hang here */
        bt_h2_mailbox_open(&mailbox);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(out_of_order, 0);
    bt_h2_mailbox_close(&mailbox);
}
END_TEST

UNIT_MAIN("mailbox", every_letter_arrives_once_and_in_the_order_of_its_sender)
