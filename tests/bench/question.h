/* What load_h2 asks: questions about made keys (made_keys.h), and whether an answer is the right one. For one thread. */
#ifndef BT_TESTS_QUESTION_H
#define BT_TESTS_QUESTION_H

#include "made_keys.h"

/* ANY: as ALLOWED, and every answer of status OK is right: for floors. REVOKE: that the key be revoked. */
typedef enum ask { ASK_ALLOWED, ASK_DENIED, ASK_JUNK, ASK_MIXED, ASK_ANY, ASK_REVOKE } ask;

#define QUESTIONS_IN_BATCH_MAX 1000u

typedef struct question_plan {
    made_plan made;
    uint64_t keys, drawn; /* drawn: so many keys were drawn so far */
    bool zipf;
    ask ask;
    unsigned batch; /* questions in a message; 0: not a batch */
    /* A message to send instead. Where the token of key 0 of seed 1 stands in it, a drawn one is put in its place. */
    uint8_t *fixed;
    size_t fixed_size;
    uint8_t *token_at; /* in fixed; NULL: nowhere */
    /* What a right answer to `fixed` begins with; no bytes: anything is right. */
    uint8_t begins[8];
    size_t begins_size;
} question_plan;

typedef struct question {
    ask asked;
    size_t size, answer_size;
    uint8_t *message; /* with gRPC's prefix of 5 bytes; plan's question_size */
    uint8_t *answer;  /* what was kept of the answer, prefixed; question_answer_size */
} question;

/* False: no such word. */
bool question_ask_parse(const char *text, ask *ret_ask);
/* Reads `fixed`. False: errno says why. */
bool question_read_fixed(question_plan *plan, const char *path);

/* Bytes that any message of the plan takes, and of the beginning of an answer that is needed to judge it. */
size_t question_size(const question_plan *plan);
size_t question_answer_size(const question_plan *plan);

/* Draws the next and writes it. */
void question_write(question_plan *plan, question *of);

/* Judges the answer of a call that had status OK. */
bool question_is_right(const question_plan *plan, const question *of);

#endif
