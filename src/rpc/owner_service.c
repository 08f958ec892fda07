#include "rpc/owner_service.h"

#include "rpc/answer.h"
#include "rpc/change.h"
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

static void run(void *use_case, bt_service *service, const bt_caller *caller) {
    bt_change_owner_run(use_case, service, caller);
}

static void write_revision(const void *use_case, uint64_t revision, bool with_token, bt_out *out) {
    (void)use_case, (void)with_token;
    bt_out_uint(out, 1, revision);
}

#define OWNER_CHANGE(reader)                                                                       \
    {                                                                                              \
        .size = sizeof(bt_change_owner), .read = reader, .run = run, .write = write_revision,      \
        .answer_max = 64                                                                           \
    }

static bt_err read_change(bt_bytes message, bt_change_owner *change, bt_owner_action action,
                          const char *name, bt_fault *fault) {
    change->action = action;
    return read_owner(name, message, &change->owner, fault);
}

static bt_err read_stop_owner(bt_bytes message, void *use_case, bt_fault *fault) {
    return read_change(message, use_case, BT_OWNER_STOP, "bitting.v1.StopOwnerRequest", fault);
}

void bt_rpc_stop_owner(bt_call *call) {
    static const bt_change_kind kind = OWNER_CHANGE(read_stop_owner);
    bt_rpc_change(call, &kind);
}

static bt_err read_resume_owner(bt_bytes message, void *use_case, bt_fault *fault) {
    return read_change(message, use_case, BT_OWNER_RESUME, "bitting.v1.ResumeOwnerRequest", fault);
}

void bt_rpc_resume_owner(bt_call *call) {
    static const bt_change_kind kind = OWNER_CHANGE(read_resume_owner);
    bt_rpc_change(call, &kind);
}

static bt_err read_delete_owner(bt_bytes message, void *use_case, bt_fault *fault) {
    return read_change(message, use_case, BT_OWNER_DELETE, "bitting.v1.DeleteOwnerRequest", fault);
}

void bt_rpc_delete_owner(bt_call *call) {
    static const bt_change_kind kind = OWNER_CHANGE(read_delete_owner);
    bt_rpc_change(call, &kind);
}

static bt_err read_end_membership(bt_bytes message, void *use_case, bt_fault *fault) {
    return read_change(message, use_case, BT_OWNER_END_MEMBERSHIP,
                       "bitting.v1.EndMembershipRequest", fault);
}

void bt_rpc_end_membership(bt_call *call) {
    static const bt_change_kind kind = OWNER_CHANGE(read_end_membership);
    bt_rpc_change(call, &kind);
}

static bt_err read_resume_membership(bt_bytes message, void *use_case, bt_fault *fault) {
    return read_change(message, use_case, BT_OWNER_RESUME_MEMBERSHIP,
                       "bitting.v1.ResumeMembershipRequest", fault);
}

void bt_rpc_resume_membership(bt_call *call) {
    static const bt_change_kind kind = OWNER_CHANGE(read_resume_membership);
    bt_rpc_change(call, &kind);
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
