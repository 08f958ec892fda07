#include <stdio.h>

#include "base/duration.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/local.h"
#include "service/environment_rules.h"

static bt_place place;
static bt_list kinds, choices;
static const char *max_life, *creator_rule, *forget_pepper;
static bool json;

static const bt_flag flags[] = {
    {.name = "kinds",
     .value = "KIND[,KIND...]",
     .help = "kinds of key that may be made: backend, personal, org, generic",
     .list = &kinds},
    {.name = "max-life",
     .value = "SPAN",
     .help = "how long a key may be good at most from its creation, such as 365d; never: no limit",
     .text = &max_life},
    {.name = "expiry-choices",
     .value = "SPAN[,SPAN...]",
     .help = "how long an end-user key may be good, such as 2w,90d,never; any: free",
     .list = &choices},
    {.name = "org-keys-stop-with-creator",
     .value = "yes|no",
     .help = "whether an organization's key stops with the user who made it",
     .text = &creator_rule},
    {.name = "forget-pepper",
     .value = "NAME",
     .help = "one that is lost: keys that were imported with it are found no more, for ever",
     .text = &forget_pepper},
    {.name = "json", .help = "print the environment as an object", .on = &json},
    BT_PLACE_FLAGS(place),
    {0},
};

static const bt_usage usage = {
    .command = "env set",
    .synopsis = "NAME [--kinds K,...] [--max-life SPAN] [--expiry-choices S,...] [flags]",
    .about =
        "Changes the rules of an environment. What is not named stays. Kinds, life and choices "
        "are asked\n"
        "for when a key is made, rotated or lengthened; keys that are there stay as they are. "
        "Whether\n"
        "organizations' keys stop with their maker holds for every key, from the next check on.",
    .examples = "  bitting env set prod --kinds backend,personal,org\n"
                "  bitting env set prod --max-life 365d --expiry-choices 2w,30d,90d,365d\n"
                "  bitting env set prod --org-keys-stop-with-creator yes",
    .flags = flags,
    .arguments = 1,
    .arguments_are = "the name of an environment",
};

static bool take_kinds(bt_set_environment *set) {
    set->set_kinds = kinds.count > 0;
    for (size_t i = 0; i < kinds.count; i++) {
        bt_kind kind = bt_kind_find(kinds.items[i]);
        if (!kind) {
            bt_options_complain(&usage,
                                "--kinds are backend, personal, org and generic, not \"%.*s\"",
                                BT_BYTES_ARG(kinds.items[i]));
            return false;
        }
        set->rules.kinds |= 1u << kind;
    }
    return true;
}

static bool take_span(const char *flag, bt_bytes text, int64_t *ret_ms) {
    if (bt_bytes_equal(text, BT_LITERAL("never"))) {
        *ret_ms = BT_NEVER_MS;
        return true;
    }
    if (bt_duration_parse(text, ret_ms)) return true;
    bt_options_complain(
        &usage,
        "--%s is a whole number above 0 and s, m, h, d or w, such as 90d, or never; "
        "not \"%.*s\"",
        flag, BT_BYTES_ARG(text));
    return false;
}

static bool take_choices(bt_set_environment *set) {
    set->set_expiry_choices = choices.count > 0;
    if (choices.count == 1 && bt_bytes_equal(choices.items[0], BT_LITERAL("any"))) return true;
    if (choices.count > BT_EXPIRY_CHOICES_MAX) {
        bt_options_complain(&usage, "at most %u expiry choices", BT_EXPIRY_CHOICES_MAX);
        return false;
    }
    for (size_t i = 0; i < choices.count; i++)
        if (!take_span("expiry-choices", choices.items[i], &set->rules.expiry_choices_ms[i]))
            return false;
    set->rules.expiry_choices_count = choices.count;
    return true;
}

static bool take_creator_rule(bt_set_environment *set) {
    bt_bytes text = bt_bytes_text(creator_rule);
    set->set_creator_rule = creator_rule != NULL;
    set->rules.org_keys_stop_with_creator = bt_bytes_equal(text, BT_LITERAL("yes"));
    if (!creator_rule || set->rules.org_keys_stop_with_creator ||
        bt_bytes_equal(text, BT_LITERAL("no")))
        return true;
    bt_options_complain(&usage, "--org-keys-stop-with-creator is yes or no, not \"%.40s\"",
                        creator_rule);
    return false;
}

static bool take_rules(bt_set_environment *set) {
    set->set_max_life = max_life != NULL;
    if (max_life && !take_span("max-life", bt_bytes_text(max_life), &set->rules.max_life_ms))
        return false;
    return take_kinds(set) && take_choices(set) && take_creator_rule(set);
}

static int answer(const bt_set_environment *set) {
    if (set->change.fault.err) return bt_local_failed(&set->change.fault);
    if (json) return bt_environment_print_json(&set->result) ? BT_EXIT_OK : BT_EXIT_FAILED;
    bt_environment_print(stderr, &set->result);
    return BT_EXIT_OK;
}

int bt_command_env_set(int argc, char **argv) {
    bt_set_environment set = {0};
    const char *name;
    bt_local local;
    int exit_code;
    if (!bt_options_parse(&usage, argc, argv, &name, &exit_code)) return exit_code;
    if (!take_rules(&set)) return BT_EXIT_USAGE;
    if (!bt_local_open(&place, BT_STORE_WRITE, &local)) return BT_EXIT_FAILED;
    set.name = bt_bytes_text(name);
    set.forget_pepper = bt_bytes_text(forget_pepper);
    bt_set_environment_run(&set, local.store);
    exit_code = answer(&set);
    bt_local_close(&local);
    return exit_code;
}
