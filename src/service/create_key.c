#include "service/create_key.h"

static bt_err work(bt_mutation *mutation, const bt_caller *caller, bt_txn *txn, bt_fault *fault) {
    bt_create_key *create = (bt_create_key *)mutation;
    bt_key_plan *plan = &create->plan;
    BT_TRY(bt_key_plan_make(&create->request, caller, txn, plan, fault));
    bt_bytes narrow = bt_bytes_of(plan->narrow_row, plan->narrow_size);
    BT_TRY(bt_issue_insert(txn, plan->environment, &plan->record, &plan->detail, narrow,
                           &create->issued));
    bt_issue_describe(txn, &plan->record, &plan->detail, narrow, &create->issued);
    return BT_OK;
}

void bt_create_key_run(bt_create_key *create, bt_service *service, const bt_caller *caller) {
    bt_fault fault;
    if (bt_key_plan_check(&create->request, &fault)) {
        bt_mutation_refuse(&create->mutation, &fault);
        return;
    }
    create->mutation.work = work;
    create->mutation.need = bt_mask_bit(BT_SCOPE_APIKEYS_CREATE);
    bt_mutation_run(&create->mutation, service, caller);
}

void bt_create_key_wipe(bt_create_key *create) {
    bt_issued_wipe(&create->issued);
}
