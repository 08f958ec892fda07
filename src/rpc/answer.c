#include "rpc/answer.h"

void bt_answer_with(bt_call *call, const bt_out *out) {
    if (!out->full) {
        bt_call_reply(call, bt_out_written(out));
        return;
    }
    bt_fault fault;
    bt_fail(&fault, BT_ERR_EXHAUSTED,
            "the answer would be larger than %zu bytes; ask for less at a time", out->capacity);
    bt_call_fail(call, &fault);
}

void bt_answer_no_memory(bt_call *call) {
    bt_fault fault;
    bt_fail(&fault, BT_ERR_EXHAUSTED, "no memory for a change now; try again");
    bt_call_fail(call, &fault);
}
