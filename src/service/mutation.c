#include "service/mutation.h"

#include <stdlib.h>

#include "service/key.h"
#include "service/text.h"
#include "store/stops.h"

/* As the check of a credential does. */
static bt_err find_limits(bt_txn *txn, const bt_record *record, bt_finding *finding) {
    BT_TRY(bt_txn_stopped(txn, record, &finding->stopped));
    if (!(record->flags & BT_RECORD_NARROW)) return BT_OK;
    /* A lost row is left empty, and denies. */
    bt_err err = bt_txn_narrow(txn, &record->key_id, &finding->narrow);
    return err == BT_ERR_NOT_FOUND ? BT_OK : err;
}

/* The caller as the transaction sees it: the right to make a change is the right at its commit. */
static bt_err read_caller(const bt_mutation *mutation, bt_txn *txn, bt_caller *ret_caller,
                          bt_fault *fault) {
    *ret_caller = bt_caller_administrator();
    if (mutation->administrator) return BT_OK;
    const bt_record *record = NULL;
    bt_err err = bt_txn_record_at(txn, mutation->caller_slot, &record);
    if (err && err != BT_ERR_NOT_FOUND) return err;
    bool same = record && memcmp(&record->key_id, &mutation->caller_id, BT_KEY_ID_SIZE) == 0;
    if (!same) return bt_caller_reject(fault);
    bt_finding finding = {.record = record, .live = bt_txn_head(txn)->live};
    BT_TRY(find_limits(txn, record, &finding));
    bt_question question = {.needed = mutation->need,
                            .accepted_kinds = 1u << BT_KIND_BACKEND,
                            .client = mutation->caller_address,
                            .now_ms = bt_txn_now_ms(txn)};
    bt_verdict verdict = bt_decide(&finding, &question);
    BT_TRY(bt_caller_judge(&verdict, bt_txn_catalogue(txn), fault));
    *ret_caller = (bt_caller){
        .environment = bt_environment_by_id(bt_txn_environments(txn), record->environment),
        .held = verdict.held,
        .full_access = record->flags & BT_RECORD_FULL_ACCESS,
        .key_id = record->key_id,
        .slot = mutation->caller_slot,
        .address = mutation->caller_address};
    return BT_OK;
}

static void free_bytes(bt_bytes *bytes) {
    free((void *)(uintptr_t)bytes->data);
    *bytes = (bt_bytes){0};
}

static bt_err keep_answer(bt_mutation *mutation, bt_txn *txn) {
    bt_bytes answer BT_CLEANUP(free_bytes) = {0};
    /* The transaction raises the revision by one for this change, when it has been applied. */
    BT_TRY(mutation->remember(mutation, bt_txn_head(txn)->revision + 1, &answer));
    return bt_request_keep(txn, &mutation->request, answer);
}

static bt_err replay(bt_mutation *mutation, bt_bytes answer) {
    uint8_t *copy = malloc(answer.size ? answer.size : 1);
    if (!copy) return BT_ERR_EXHAUSTED;
    if (answer.size) memcpy(copy, answer.data, answer.size);
    mutation->replay = bt_bytes_of(copy, answer.size);
    return BT_OK;
}

static bt_err work_once(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn,
                        bt_fault *fault) {
    bt_bytes answer;
    if (!mutation->has_request_id) return mutation->work(mutation, caller, txn, fault);
    free_bytes(&mutation->replay); /* of an earlier try of this transaction */
    bt_err err = bt_request_find(txn, &mutation->request, &answer);
    if (err == BT_ERR_EXISTS)
        return bt_fail(fault, err,
                       "request_id: was used in the last day for a request with another body; "
                       "take a new one");
    if (!err) return replay(mutation, answer);
    if (err != BT_ERR_NOT_FOUND) return err;
    BT_TRY(mutation->work(mutation, caller, txn, fault));
    return keep_answer(mutation, txn);
}

static bt_err apply(bt_change *change, bt_txn *txn, bt_fault *fault) {
    bt_mutation *mutation = (bt_mutation *)change;
    bt_caller caller;
    bt_err err = read_caller(mutation, txn, &caller, fault);
    if (!err) err = work_once(mutation, &caller, txn, fault);
    /* Errors of the store come without a text. */
    if (err && !fault->err) bt_fail(fault, err, "the store could not make this change");
    return err;
}

static void finish(bt_mutation *mutation) {
    if (mutation->change.done) mutation->change.done(&mutation->change);
}

void bt_mutation_refuse(bt_mutation *mutation, const bt_fault *fault) {
    mutation->change.fault = *fault;
    finish(mutation);
}

static void submit(bt_mutation *mutation, bt_writer *writer) {
    bt_err err = bt_writer_submit(writer, &mutation->change);
    if (!err) return;
    bt_fault fault;
    bt_fail(&fault, err,
            err == BT_ERR_EXHAUSTED ? "too many changes are waiting to be written; try again"
                                    : "this server is stopping and takes no changes");
    bt_mutation_refuse(mutation, &fault);
}

void bt_mutation_run(bt_mutation *mutation, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (caller->trusted) {
        bt_fail(&fault, BT_ERR_FORBIDDEN, "changes need the credential of a backend key");
        bt_mutation_refuse(mutation, &fault);
        return;
    }
    mutation->change.apply = apply;
    if (mutation->change.deadline_ms == 0) mutation->change.deadline_ms = BT_NEVER_MS;
    mutation->administrator = caller->administrator;
    mutation->caller_slot = caller->slot;
    mutation->caller_id = caller->key_id;
    mutation->caller_address = caller->address;
    if (service->writer) {
        submit(mutation, service->writer);
        return;
    }
    bt_store_change(service->store, &mutation->change);
    finish(mutation);
}

bt_err bt_mutation_find(bt_txn *txn, const bt_caller *caller, const bt_key_id *id, bt_arena *arena,
                        bt_record *ret_record, bt_detail *ret_detail, bt_fault *fault) {
    bt_bytes row;
    bt_detail detail;
    const bt_record *record = NULL;
    bt_err err = bt_txn_detail(txn, id, &row);
    if (err == BT_ERR_NOT_FOUND) return bt_key_not_found(id, bt_caller_view(caller), fault);
    if (!err) err = bt_detail_decode(row, arena, &detail);
    if (!err) err = bt_txn_record_at(txn, detail.record_key, &record);
    if (err) return bt_key_damaged(id, fault);
    if (memcmp(&record->key_id, id, sizeof *id) != 0) return bt_key_damaged(id, fault);
    if (!bt_caller_sees(caller, record->environment))
        return bt_key_not_found(id, bt_caller_view(caller), fault);
    *ret_record = *record;
    *ret_detail = detail;
    return BT_OK;
}

bt_err bt_mutation_identify(bt_mutation *mutation, const bt_service *service,
                            const bt_caller *caller, const char *method, bt_bytes request_id,
                            bt_bytes body, bt_body_parts *parts, bt_fault *fault) {
    BT_TRY(bt_text_check("request_id", request_id, BT_REQUEST_ID_MAX, fault));
    mutation->has_request_id = request_id.size > 0;
    if (!mutation->has_request_id) return BT_OK;
    bt_request_make(bt_store_pepper(service->store), &caller->key_id, method, request_id, body,
                    parts, &mutation->request);
    return BT_OK;
}
