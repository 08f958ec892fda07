#include "rpc/change.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/secret.h"
#include "rpc/answer.h"

/* One block of memory: this, and the use case behind it. */
typedef struct changing {
    bt_call *call;
    const bt_change_kind *kind;
    bt_bytes request_id;
    alignas(max_align_t) uint8_t use_case[];
} changing;

static changing *changing_of(bt_mutation *mutation) {
    return (changing *)(void *)((uint8_t *)mutation - offsetof(changing, use_case));
}

static bt_err write_answer(const changing *self, uint64_t revision, bool with_token,
                           bt_bytes *ret_answer) {
    uint8_t *block = malloc(self->kind->answer_max);
    if (!block) return BT_ERR_EXHAUSTED;
    bt_out out = bt_out_into(block, self->kind->answer_max);
    self->kind->write(self->use_case, revision, with_token, &out);
    *ret_answer = bt_out_written(&out);
    if (!out.full) return BT_OK;
    free(block);
    return BT_ERR_EXHAUSTED;
}

static bt_err remember(bt_mutation *mutation, uint64_t revision, bt_bytes *ret_answer) {
    return write_answer(changing_of(mutation), revision, false, ret_answer);
}

static void free_wiped(bt_bytes *answer) {
    if (answer->data) bt_secret_wipe((void *)(uintptr_t)answer->data, answer->size);
    free((void *)(uintptr_t)answer->data);
}

static void answer(const changing *self, const bt_mutation *mutation) {
    bt_bytes written BT_CLEANUP(free_wiped) = {0};
    if (mutation->change.fault.err)
        bt_call_fail(self->call, &mutation->change.fault);
    else if (mutation->replay.data)
        bt_call_reply(self->call, mutation->replay);
    else if (write_answer(self, mutation->change.revision, true, &written))
        bt_answer_no_memory(self->call);
    else
        bt_call_reply(self->call, written);
}

/* On the writer's thread; owns the change. */
static void done(bt_change *change) {
    bt_mutation *mutation = (bt_mutation *)change;
    changing *self = changing_of(mutation);
    answer(self, mutation);
    if (self->kind->wipe) self->kind->wipe(self->use_case);
    free((void *)(uintptr_t)mutation->replay.data);
    free(self);
}

static bt_err read_request_id(bt_bytes message, bt_bytes *ret_id, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [BT_REQUEST_ID_FIELD] = {.name = "request_id", .type = BT_WIRE_BYTES}};
    static const bt_wire_message type = {"request", fields, BT_WIRE_COUNT(fields)};
    *ret_id = (bt_bytes){0};
    return bt_wire_read(&type, message, ret_id, fault);
}

static void add_fields(bt_bytes message, bt_body *body) {
    bt_bytes field;
    for (size_t at = 0; bt_wire_next(message, &at, &field);) bt_body_add(body, 0, field);
}

static bt_err read_all(changing *self, bt_mutation *mutation, bt_fault *fault) {
    bt_call *call = self->call;
    BT_TRY(self->kind->read(call->message, self->use_case, fault));
    BT_TRY(read_request_id(call->message, &self->request_id, fault));
    mutation->change.done = done;
    mutation->change.deadline_ms = call->deadline_ms;
    mutation->remember = remember;
    return bt_mutation_identify(mutation, call->session->service, &call->caller, call->method->path,
                                self->request_id, call->message,
                                self->kind->parts ? self->kind->parts : add_fields, fault);
}

void bt_rpc_change(bt_call *call, const bt_change_kind *kind) {
    bt_fault fault;
    changing *self = calloc(1, sizeof *self + kind->size);
    if (!self) {
        bt_answer_no_memory(call);
        return;
    }
    self->call = call;
    self->kind = kind;
    bt_mutation *mutation = (bt_mutation *)(void *)self->use_case;
    if (!read_all(self, mutation, &fault)) {
        kind->run(self->use_case, call->session->service, &call->caller);
        return;
    }
    bt_call_fail(call, &fault);
    free(self);
}
