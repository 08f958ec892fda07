#include "base/secret.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "unit.h"

START_TEST(secrets_are_left_in_memory_or_in_a_core_file) {
    char secret[] = "a secret";
    static const char wiped[sizeof secret];
    bt_secret_wipe(secret, sizeof secret);
    ck_assert_mem_eq(secret, wiped, sizeof secret);
    struct rlimit core;
    bt_secret_protect_process();
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &core), 0);
    ck_assert_uint_eq(core.rlim_max, 0);
    prctl(PR_SET_DUMPABLE, 1); /* LeakSanitizer traces the process at its end */
}
END_TEST

UNIT_MAIN("secret", secrets_are_left_in_memory_or_in_a_core_file)
