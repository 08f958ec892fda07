#include "service/grant.h"

#include <stdio.h>

#include "check/scope_names.h"
#include "service/text.h"

static bt_err unknown_preset(const bt_catalogue *catalogue, bt_bytes name, bt_fault *fault) {
    char there[256] = "none";
    size_t used = 0;
    for (size_t i = 0; i < catalogue->presets_count && used < sizeof there; i++)
        used += (size_t)snprintf(there + used, sizeof there - used, "%s%s", i ? ", " : "",
                                 catalogue->presets[i].name);
    return bt_fail(fault, BT_ERR_INVALID, "preset: there is no \"%s\"; there are: %s",
                   bt_text_quote(name).text, there);
}

static bt_err resolve_preset(const bt_catalogue *catalogue, bt_bytes name, bt_grant *ret_grant,
                             bt_fault *fault) {
    const bt_preset *preset = bt_catalogue_preset(catalogue, name);
    if (!preset) return unknown_preset(catalogue, name, fault);
    *ret_grant = (bt_grant){.mask = preset->full_access ? 0 : preset->mask & catalogue->live,
                            .full_access = preset->full_access,
                            .preset = preset};
    return BT_OK;
}

static bt_err check_live(const bt_catalogue *catalogue, uint64_t mask, const char *field,
                         bt_fault *fault) {
    uint64_t dead = mask & ~catalogue->live;
    if (!dead) return BT_OK;
    unsigned bit = bt_mask_lowest(dead);
    if (bt_mask_bit(bit) & catalogue->retired)
        return bt_fail(fault, BT_ERR_INVALID, "%s: %s (bit %u) is retired and cannot be granted",
                       field, catalogue->scopes[bit].name, bit);
    return bt_fail(fault, BT_ERR_INVALID, "%s: bit %u is not assigned to a scope", field, bit);
}

bt_err bt_grant_resolve(const bt_catalogue *catalogue, const bt_grant_request *request,
                        bt_grant *ret_grant, bt_fault *fault) {
    bool by_name = request->scopes_count > 0;
    bool by_mask = request->scope_mask != 0;
    bool by_preset = request->preset.size > 0;
    if (by_name + by_mask + by_preset > 1)
        return bt_fail(
            fault, BT_ERR_INVALID,
            "scopes, scope_mask, preset: more than one is set; a grant is said in one way");
    if (by_preset) return resolve_preset(catalogue, request->preset, ret_grant, fault);
    BT_TRY(bt_scope_mask_check(request->scope_mask, fault));
    uint64_t mask = request->scope_mask;
    if (by_name)
        BT_TRY(bt_scope_names_resolve(catalogue, request->scopes, request->scopes_count, &mask,
                                      fault));
    BT_TRY(check_live(catalogue, mask, by_name ? "scopes" : "scope_mask", fault));
    *ret_grant = (bt_grant){.mask = mask};
    return BT_OK;
}

static bt_err refuse(const bt_catalogue *catalogue, uint64_t lacking, bt_fault *fault) {
    unsigned bit = bt_mask_lowest(lacking) % BT_MASK_BITS;
    const char *name = catalogue->scopes[bit].name;
    if (bt_mask_bit(bit) & catalogue->retired)
        return bt_fail(fault, BT_ERR_FORBIDDEN,
                       "scopes: the key was granted %s, which is retired and can be brought back, "
                       "and then the key would hold it; this takes a caller with full access",
                       name);
    return bt_fail(
        fault, BT_ERR_FORBIDDEN,
        "scopes: the key would hold %s, which the caller's key lacks; nobody grants what "
        "they lack",
        *name ? name : "a scope that is not assigned");
}

bt_err bt_grant_allowed(const bt_caller *caller, const bt_catalogue *catalogue, uint64_t mask,
                        bool full_access, bt_fault *fault) {
    /* Who holds every scope that there will ever be lacks none, retired or not yet known. */
    if (caller->administrator || caller->full_access) return BT_OK;
    if (full_access)
        return bt_fail(fault, BT_ERR_FORBIDDEN,
                       "full access is given only by a caller who has it; this one does not");
    uint64_t lacking = mask & ~caller->held;
    return lacking ? refuse(catalogue, lacking, fault) : BT_OK;
}
