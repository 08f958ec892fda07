#include "cli/outcome.h"

#include <stdio.h>

#include "cli/json.h"
#include "cli/output.h"

enum { ALLOWED = 0, DENIED = 1, UNDECIDED = 2 };

static void put_missing(bt_outcome *outcome, const bt_catalogue *catalogue, uint64_t missing) {
    for (uint64_t rest = missing; rest; rest = bt_mask_without_lowest(rest)) {
        const bt_scope *scope = &catalogue->scopes[bt_mask_lowest(rest)];
        if (scope->name[0])
            memcpy(outcome->missing[outcome->missing_count++], scope->name, sizeof scope->name);
    }
}

bt_err bt_outcome_local(bt_local *local, const bt_ask_scope *ask, bt_outcome *ret_outcome,
                        bt_fault *fault) {
    bt_answer answer;
    BT_TRY(bt_ask_check_scope(&local->session, &local->caller, ask, &answer, fault));
    *ret_outcome = (bt_outcome){.allowed = answer.verdict.reason == BT_REASON_ALLOWED,
                                .reason = answer.verdict.reason,
                                .scope_mask = answer.verdict.held,
                                .missing_mask = answer.verdict.missing,
                                .expires_ms = BT_NEVER_MS,
                                .revision = answer.revision};
    put_missing(ret_outcome, bt_snapshot_catalogue(local->session.snapshot),
                answer.verdict.missing);
    if (!answer.record) return BT_OK;
    ret_outcome->expires_ms = answer.record->expires_ms;
    bt_key_id_format(&answer.record->key_id, ret_outcome->key_id);
    return BT_OK;
}

static bool print_text(const bt_outcome *outcome) {
    printf("%s", outcome->allowed ? "allowed" : "denied ");
    if (!outcome->allowed) printf("%s", bt_reason_name(outcome->reason));
    for (size_t i = 0; i < outcome->missing_count; i++) printf(" %s", outcome->missing[i]);
    putchar('\n');
    return bt_output_finish();
}

static bool print_json(const bt_outcome *outcome) {
    json_t *object = json_object(), *missing = json_array();
    char reason[64];
    snprintf(reason, sizeof reason, "REASON_%s", bt_reason_name(outcome->reason));
    for (size_t i = 0; i < outcome->missing_count; i++)
        json_array_append_new(missing, json_string(outcome->missing[i]));
    bt_json_put(object, "allowed", json_boolean(outcome->allowed));
    bt_json_put(object, "reason", json_string(reason));
    bt_json_put(object, "key_id", json_string(outcome->key_id));
    bt_json_put(object, "missing_scopes", missing);
    bt_json_put_u64(object, "scope_mask", outcome->scope_mask);
    bt_json_put_time(object, "expires_at", outcome->expires_ms);
    bt_json_put_u64(object, "revision", outcome->revision);
    bt_json_put_u64(object, "missing_mask", outcome->missing_mask);
    /* The question says nothing of what was requested. */
    bool lacks = outcome->reason == BT_REASON_MISSING_SCOPE;
    bt_json_put(object, "denied_by", json_string(lacks ? "LAYER_KEY" : "LAYER_UNSPECIFIED"));
    return bt_json_print(object);
}

int bt_outcome_print(const bt_outcome *outcome, bool json) {
    if (!(json ? print_json : print_text)(outcome)) return UNDECIDED;
    return outcome->allowed ? ALLOWED : DENIED;
}
