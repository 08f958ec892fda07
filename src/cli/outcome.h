/* The answer to `bitting check`, from wherever it came. */
#ifndef BT_CLI_OUTCOME_H
#define BT_CLI_OUTCOME_H

#include "cli/local.h"
#include "service/ask.h"

typedef struct bt_outcome {
    bool allowed;
    bt_reason reason;
    char key_id[BT_KEY_ID_TEXT_SIZE]; /* empty: no such key */
    size_t missing_count;
    char missing[BT_MASK_BITS][BT_SCOPE_NAME_MAX + 1];
    uint64_t scope_mask;
    uint64_t missing_mask;
    int64_t expires_ms; /* BT_NEVER_MS: never, or not known */
    uint64_t revision;
} bt_outcome;

/* From the store itself. */
bt_err bt_outcome_local(bt_local *local, const bt_ask_scope *ask, bt_outcome *ret_outcome,
                        bt_fault *fault);

/* Prints it, and returns the exit code: 0 allowed, 1 denied, 2 where it could not be printed. */
int bt_outcome_print(const bt_outcome *outcome, bool json);

#endif
