/* What every change to keys has in common: on whose behalf it is made, what that takes, and how it is
 * carried out. A use case embeds a bt_mutation as its first member. */
#ifndef BT_SERVICE_MUTATION_H
#define BT_SERVICE_MUTATION_H

#include "service/request_id.h"
#include "service/session.h"

typedef struct bt_mutation bt_mutation;

struct bt_mutation {
    bt_change change; /* result: change.fault, change.revision */
    /* The use case's own part of change.apply; caller is as the transaction sees it. */
    bt_err (*work)(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault);
    uint64_t need; /* scopes that the caller must hold */
    /* Of the caller, to be looked up again inside the transaction: whoever lost the right to make a
     * change between the question and the commit does not make it. */
    bool administrator;
    uint64_t caller_slot;
    bt_key_id caller_id;
    bt_address caller_address;
    /* Idempotency, where the request has an id. */
    bool has_request_id;
    bt_request request;
    /* Writes the answer that is kept, without a token, into memory of malloc, which the mutation frees. */
    bt_err (*remember)(bt_mutation *mutation, uint64_t revision, bt_bytes *ret_answer);
    bt_bytes
        replay; /* result: the answer to the first request, of malloc; data NULL: this is the first */
};

/* Carries it out: through the writer, or, where the service has none, before this returns. Either way
 * change.done (which may be NULL) is called exactly once, with change.fault.err 0 once the change is
 * on disk; perhaps on another thread, and perhaps before this returns. change.done and
 * change.deadline_ms (0: none) are the caller's to set. */
void bt_mutation_run(bt_mutation *mutation, bt_service *service, const bt_caller *caller);

/* Makes it idempotent under a request id; none: it is not. service has the pepper. BT_ERR_INVALID. */
bt_err bt_mutation_identify(bt_mutation *mutation, const bt_service *service,
                            const bt_caller *caller, const char *method, bt_bytes request_id,
                            bt_bytes body, bt_body_parts *parts, bt_fault *fault);

/* For work: the two rows of an existing key of the caller's environment. detail points into the arena,
 * which must have BT_DETAIL_ARENA bytes free. BT_ERR_NOT_FOUND. */
bt_err bt_mutation_find(bt_txn *txn, const bt_caller *caller, const bt_key_id *id, bt_arena *arena,
                        bt_record *ret_record, bt_detail *ret_detail, bt_fault *fault);

/* Ends it before it began: change.fault is set, and change.done called. */
void bt_mutation_refuse(bt_mutation *mutation, const bt_fault *fault);

#endif
