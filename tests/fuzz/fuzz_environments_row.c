/* rooms: store */
#include <stdlib.h>

#include "store/row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bt_environments environments, again;
    bt_bytes row;
    if (bt_environments_decode(bt_bytes_of(data, size), &environments)) return 0;
    for (size_t i = 0; i < environments.count; i++) {
        const bt_environment *environment = &environments.list[i];
        if (bt_environment_by_id(&environments, environment->id) != environment) abort();
        if (bt_environment_find(&environments, bt_bytes_text(environment->name)) != environment)
            abort();
    }
    if (bt_environments_encode(&environments, &row) || bt_environments_decode(row, &again)) abort();
    if (memcmp(&environments, &again, sizeof again) != 0) abort();
    free((void *)row.data);
    return 0;
}
