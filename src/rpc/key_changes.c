/* Handlers of UpdateKey and RotateKey; the answers are sent from the writer's thread, by `done`, which owns the
 * change. */
#include <stdlib.h>

#include "base/secret.h"
#include "rpc/answer.h"
#include "rpc/key_message.h"
#include "rpc/key_messages.h"
#include "rpc/key_service.h"

typedef struct update_call {
    bt_update_key update;
    bt_call *call;
} update_call;

static void update_done(bt_change *change) {
    update_call *updating = (update_call *)change;
    uint8_t block[BT_KEY_MESSAGE_MAX + 128];
    bt_out out = bt_out_into(block, sizeof block);
    if (change->fault.err) {
        bt_call_fail(updating->call, &change->fault);
    } else {
        bt_key_write_field(&updating->update.issued.key, 1, &out);
        bt_out_uint(&out, 2, change->revision);
        bt_answer_with(updating->call, &out);
    }
    free(updating);
}

void bt_rpc_update_key(bt_call *call) {
    update_call *updating = calloc(1, sizeof *updating);
    bt_fault fault;
    if (!updating) {
        bt_answer_no_memory(call);
        return;
    }
    updating->call = call;
    bt_mutation *mutation = &updating->update.mutation;
    mutation->change.done = update_done;
    mutation->change.deadline_ms = call->deadline_ms;
    if (bt_update_key_read(call->message, &updating->update.request, &fault))
        bt_mutation_refuse(mutation, &fault);
    else
        bt_update_key_run(&updating->update, call->session->service, &call->caller);
}

typedef struct rotate_call {
    bt_rotate_key rotate;
    bt_call *call;
} rotate_call;

static void answer_rotated(const bt_rotate_key *rotate, bt_call *call) {
    uint8_t block[BT_TOKEN_MAX + BT_KEY_MESSAGE_MAX + 128];
    bt_out out = bt_out_into(block, sizeof block);
    bt_out_bytes(&out, 1, bt_bytes_text(rotate->issued.token));
    bt_key_write_field(&rotate->issued.key, 2, &out);
    bt_out_uint(&out, 3, rotate->mutation.change.revision);
    bt_out_time(&out, 4, rotate->old_expires_ms);
    bt_answer_with(call, &out);
    bt_secret_wipe(block, BT_TOKEN_MAX + 16);
}

static void rotation_done(bt_change *change) {
    rotate_call *rotation = (rotate_call *)change;
    if (change->fault.err)
        bt_call_fail(rotation->call, &change->fault);
    else
        answer_rotated(&rotation->rotate, rotation->call);
    bt_rotate_key_wipe(&rotation->rotate);
    free(rotation);
}

void bt_rpc_rotate_key(bt_call *call) {
    rotate_call *rotation = calloc(1, sizeof *rotation);
    bt_fault fault;
    if (!rotation) {
        bt_answer_no_memory(call);
        return;
    }
    rotation->call = call;
    bt_mutation *mutation = &rotation->rotate.mutation;
    mutation->change.done = rotation_done;
    mutation->change.deadline_ms = call->deadline_ms;
    if (bt_rotate_key_read(call->message, &rotation->rotate, &fault))
        bt_mutation_refuse(mutation, &fault);
    else
        bt_rotate_key_run(&rotation->rotate, call->session->service, &call->caller);
}
