#include "cli/issued.h"

#include <stdio.h>

#include "cli/json.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/print_key.h"

static bool print_token(const bt_issued *issued, uint64_t revision, bool json,
                        const bt_catalogue *catalogue) {
    if (!json) return bt_output_line(bt_bytes_text(issued->token));
    json_t *object = json_object();
    bt_json_put(object, "token", json_string(issued->token));
    bt_json_put(object, "key", bt_json_key(&issued->key, catalogue));
    bt_json_put_u64(object, "revision", revision);
    return bt_json_print(object);
}

int bt_print_issued(const bt_issued *issued, uint64_t revision, bool json,
                    const bt_catalogue *catalogue) {
    char id[BT_KEY_ID_TEXT_SIZE];
    bt_key_id_format(&issued->key.id, id);
    if (!print_token(issued, revision, json, catalogue)) {
        fprintf(stderr,
                "bitting: the key was made, but its token could not be written and is lost. Revoke "
                "it:\n  bitting key revoke %s\n",
                id);
        return BT_EXIT_FAILED;
    }
    if (!json) {
        bt_print_key(stderr, &issued->key, catalogue);
        fputs("The token is shown this once. Keep it where secrets are kept.\n", stderr);
    }
    return BT_EXIT_OK;
}
