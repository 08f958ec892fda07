/* Errors of every room. A call that can fail returns bt_err, 0 for success, and leaves its ret_
 * parameters untouched on failure. What was wrong, with which value, and what would be right, is
 * said in a bt_fault where the call takes one. */
#ifndef BT_BASE_ERR_H
#define BT_BASE_ERR_H

/* Mapped to a gRPC status in rpc/status.c, to an exit code in cli/. */
typedef enum bt_err {
    BT_OK = 0,
    BT_ERR_INVALID = -1,         /* an argument; the text names the field */
    BT_ERR_UNAUTHENTICATED = -2, /* the caller's credential is missing or bad */
    BT_ERR_FORBIDDEN = -3,       /* the caller's credential does not allow it */
    BT_ERR_NOT_FOUND = -4,
    BT_ERR_EXISTS = -5,
    BT_ERR_PRECONDITION = -6, /* the state of the store does not allow it */
    BT_ERR_EXHAUSTED = -7,    /* a limit: queue, memory, disk */
    BT_ERR_UNAVAILABLE = -8,  /* cannot be answered now; try again */
    BT_ERR_DEADLINE = -9,
    BT_ERR_CANCELLED = -10,
    BT_ERR_UNIMPLEMENTED = -11,
    BT_ERR_INTERNAL = -12, /* a defect, or a damaged store */
} bt_err;

typedef struct bt_fault {
    bt_err err;
    char text[384]; /* UTF-8, no control characters, never a secret */
} bt_fault;

/* Fills the fault (NULL is taken) and returns err. The text is cut at the size of the fault; bytes
 * that are not printable become '?', so that text of a request can be quoted. A macro, so that whoever
 * reads `return bt_fail(fault, BT_ERR_INVALID, ...)`, compilers and analysers too, sees what is
 * returned. */
#define bt_fail(fault, err, ...) bt_fail_as(bt_fail_text((fault), (err), __VA_ARGS__), (err))

bt_err bt_fail_text(bt_fault *fault, bt_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bt_err bt_fail_as(bt_err filled, bt_err err) {
    (void)filled;
    return err;
}

/* Returns from the calling function with the error of expression, if it has one. */
#define BT_TRY(expression)                                                                         \
    do {                                                                                           \
        bt_err bt_try_err_ = (expression);                                                         \
        if (bt_try_err_) return bt_try_err_;                                                       \
    } while (0)

/* Calls destroy(&variable) when the variable goes out of scope. */
#define BT_CLEANUP(destroy) __attribute__((cleanup(destroy)))

#endif
