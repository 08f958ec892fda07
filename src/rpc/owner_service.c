#include "rpc/owner_service.h"

#include <stdlib.h>

#include "rpc/answer.h"
#include "service/owners.h"

/* All requests of this service have the same fields. */
static bt_err read_owner(const char *name, bt_bytes message, bt_owner *ret_owner, bt_fault *fault) {
    static const bt_wire_field fields[] = {
        [1] = {"environment", BT_WIRE_BYTES, .offset = offsetof(bt_owner, environment)},
        [2] = {"user_id", BT_WIRE_BYTES, .offset = offsetof(bt_owner, user_id)},
        [3] = {"org_id", BT_WIRE_BYTES, .offset = offsetof(bt_owner, org_id)},
    };
    const bt_wire_message type = {name, fields, BT_WIRE_COUNT(fields)};
    *ret_owner = (bt_owner){.user_id = {0}};
    return bt_wire_read(&type, message, ret_owner, fault);
}

typedef struct owner_call {
    bt_change_owner change;
    bt_call *call;
} owner_call;

/* On the writer's thread. */
static void change_done(bt_change *change) {
    owner_call *owned = (owner_call *)change;
    uint8_t block[16];
    bt_out out = bt_out_into(block, sizeof block);
    bt_out_uint(&out, 1, change->revision);
    if (change->fault.err)
        bt_call_fail(owned->call, &change->fault);
    else
        bt_answer_with(owned->call, &out);
    free(owned);
}

static void change_owner(bt_call *call, bt_owner_action action, const char *request) {
    owner_call *owned = calloc(1, sizeof *owned);
    bt_fault fault;
    if (!owned) {
        bt_answer_no_memory(call);
        return;
    }
    owned->call = call;
    owned->change.action = action;
    owned->change.mutation.change.done = change_done;
    owned->change.mutation.change.deadline_ms = call->deadline_ms;
    if (read_owner(request, call->message, &owned->change.owner, &fault))
        bt_mutation_refuse(&owned->change.mutation, &fault);
    else
        bt_change_owner_run(&owned->change, call->session->service, &call->caller);
}

void bt_rpc_stop_owner(bt_call *call) {
    change_owner(call, BT_OWNER_STOP, "bitting.v1.StopOwnerRequest");
}

void bt_rpc_resume_owner(bt_call *call) {
    change_owner(call, BT_OWNER_RESUME, "bitting.v1.ResumeOwnerRequest");
}

void bt_rpc_delete_owner(bt_call *call) {
    change_owner(call, BT_OWNER_DELETE, "bitting.v1.DeleteOwnerRequest");
}

void bt_rpc_end_membership(bt_call *call) {
    change_owner(call, BT_OWNER_END_MEMBERSHIP, "bitting.v1.EndMembershipRequest");
}

void bt_rpc_resume_membership(bt_call *call) {
    change_owner(call, BT_OWNER_RESUME_MEMBERSHIP, "bitting.v1.ResumeMembershipRequest");
}

void bt_rpc_get_owner(bt_call *call) {
    bt_owner owner;
    bt_owner_state state;
    int64_t since_ms;
    bt_fault fault;
    uint8_t block[64];
    bt_out out = bt_out_into(block, sizeof block);
    bt_err err = read_owner("bitting.v1.GetOwnerRequest", call->message, &owner, &fault);
    if (!err)
        err = bt_owner_state_get(call->session, &call->caller, &owner, &state, &since_ms, &fault);
    if (err) {
        bt_call_fail(call, &fault);
        return;
    }
    bt_out_uint(&out, 1, state);
    bt_out_time(&out, 2, since_ms ? since_ms : BT_NEVER_MS);
    bt_out_uint(&out, 3, bt_call_revision(call));
    bt_answer_with(call, &out);
}
