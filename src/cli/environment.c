#include "cli/environment.h"

#include "base/duration.h"
#include "key/foreign.h"
#include "service/environment_rules.h"

static void print_kinds(FILE *out, uint32_t kinds) {
    const char *comma = "";
    for (int kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++) {
        if (!(kinds >> kind & 1)) continue;
        fprintf(out, "%s%s", comma, bt_kind_name((bt_kind)kind));
        comma = ",";
    }
    fputc('\n', out);
}

/* Hashes of another system that keys were imported by. */
static void print_schemes(FILE *out, const bt_environment *environment) {
    for (size_t i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        fprintf(out, "imported        %s%s%s%s%s%s%s\n", bt_hash_method_name(scheme->method),
                scheme->pepper_name[0] ? ", pepper " : "", scheme->pepper_name,
                scheme->prefix[0] ? ", prefix " : "", scheme->prefix,
                scheme->hashes_rest ? " left out" : "", scheme->forgotten ? ", forgotten" : "");
    }
}

void bt_environment_print(FILE *out, const bt_environment *environment) {
    char text[24];
    bt_duration_format(environment->max_life_ms, text);
    fprintf(out, "environment     %s\ntokens          %s_...\nkinds           ", environment->name,
            environment->prefix);
    print_kinds(out, environment->kinds);
    fprintf(out, "max life        %s\nexpiry choices  ",
            environment->max_life_ms == BT_NEVER_MS ? "no limit" : text);
    for (size_t i = 0; i < environment->expiry_choices_count; i++) {
        bt_duration_format(environment->expiry_choices_ms[i], text);
        fprintf(out, "%s%s", i ? "," : "", text);
    }
    fprintf(out, "%s\norg keys stop with their creator: %s\n",
            environment->expiry_choices_count ? "" : "any",
            environment->org_keys_stop_with_creator ? "yes" : "no");
    print_schemes(out, environment);
}

static json_t *json_schemes(const bt_environment *environment) {
    json_t *list = json_array();
    for (size_t i = 0; i < environment->schemes_count; i++) {
        const bt_scheme *scheme = &environment->schemes[i];
        json_t *object = json_object();
        bt_json_put(object, "method", json_string(bt_hash_method_name(scheme->method)));
        bt_json_put(object, "pepper", json_string(scheme->pepper_name));
        bt_json_put(object, "prefix", json_string(scheme->prefix));
        bt_json_put(object, "without_prefix", json_boolean(scheme->hashes_rest));
        bt_json_put(object, "forgotten", json_boolean(scheme->forgotten));
        json_array_append_new(list, object);
    }
    return list;
}

json_t *bt_environment_json(const bt_environment *environment) {
    char text[24];
    json_t *object = json_object(), *kinds = json_array(), *choices = json_array();
    for (int kind = BT_KIND_BACKEND; kind <= BT_KIND_LAST; kind++)
        if (environment->kinds >> kind & 1)
            json_array_append_new(kinds, json_string(bt_kind_name((bt_kind)kind)));
    for (size_t i = 0; i < environment->expiry_choices_count; i++) {
        bt_duration_format(environment->expiry_choices_ms[i], text);
        json_array_append_new(choices, json_string(text));
    }
    bt_duration_format(environment->max_life_ms, text);
    bt_json_put(object, "name", json_string(environment->name));
    bt_json_put(object, "prefix", json_string(environment->prefix));
    bt_json_put(object, "kinds", kinds);
    bt_json_put(object, "max_life", json_string(text));
    bt_json_put(object, "expiry_choices", choices);
    bt_json_put(object, "org_keys_stop_with_creator",
                json_boolean(environment->org_keys_stop_with_creator));
    bt_json_put(object, "imported", json_schemes(environment));
    return object;
}

bool bt_environment_print_json(const bt_environment *environment) {
    return bt_json_print(bt_environment_json(environment));
}
