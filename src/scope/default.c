/* The catalogue and presets of a new store. Bits are for ever. */
#include "scope/catalogue.h"

typedef struct shipped_scope {
    uint8_t bit;
    bool high_risk;
    const char *name;
    const char *title;
    const char *description;
} shipped_scope;

static const bt_category categories[] = {
    {.name = "users", .title = "Users", .first_bit = 0, .bits = 16},
    {.name = "orgs", .title = "Organizations", .first_bit = 16, .bits = 16},
    {.name = "auth", .title = "Authentication", .first_bit = 32, .bits = 8},
    {.name = "sso", .title = "Single sign-on and SCIM", .first_bit = 40, .bits = 8},
    {.name = "apikeys", .title = "API keys", .first_bit = 48, .bits = 8},
    {.name = "misc", .title = "Insights and the rest", .first_bit = 56, .bits = 7},
};

static const shipped_scope scopes[] = {
    {0, false, "users.read", "Read users", "Find users and read their profiles."},
    {1, false, "users.create", "Create users", "Add users."},
    {2, false, "users.update", "Update users", "Change names, properties and other profile data."},
    {3, true, "users.update_email", "Change email addresses", "Give a user another email address."},
    {4, true, "users.update_password", "Set passwords", "Set a user's password."},
    {5, true, "users.clear_password", "Clear passwords", "Take a user's password away."},
    {6, false, "users.set_enabled", "Block and unblock users",
     "Switch a user's account off and on."},
    {7, true, "users.manage_mfa", "Manage MFA", "Disable a user's second factor."},
    {8, false, "users.send_email_confirmation", "Send email confirmations",
     "Send the confirmation mail again."},
    {9, false, "users.logout", "Log users out", "End all sessions of a user."},
    {10, false, "users.set_can_create_orgs", "Let users create organizations",
     "Decide who may make organizations."},
    {11, true, "users.migrate", "Migrate users",
     "Bring users and their credentials from another system."},
    {12, true, "users.delete", "Delete users", "Remove users for ever."},
    {16, false, "orgs.read", "Read organizations",
     "Find organizations, their settings and members."},
    {17, false, "orgs.create", "Create organizations", "Add organizations."},
    {18, false, "orgs.update", "Update organizations", "Change names, properties and other data."},
    {19, false, "orgs.update_domains", "Change domains",
     "Decide which email domains belong to an organization."},
    {20, true, "orgs.update_security", "Change security settings",
     "Change requirements such as MFA and session rules."},
    {21, false, "orgs.update_limits", "Change limits", "Change seats and other quotas."},
    {22, true, "orgs.delete", "Delete organizations", "Remove organizations for ever."},
    {23, false, "orgs.add_users", "Add members", "Add users to organizations."},
    {24, false, "orgs.remove_users", "Remove members", "Take users out of organizations."},
    {25, true, "orgs.change_roles", "Change roles", "Give members other roles."},
    {26, false, "orgs.invite_users", "Invite users", "Send invitations."},
    {27, false, "orgs.read_invites", "Read invitations", "List open invitations."},
    {28, false, "orgs.revoke_invites", "Revoke invitations", "Take invitations back."},
    {29, false, "orgs.assign_role_mapping", "Assign role mappings",
     "Choose the role mapping of an organization."},
    {30, true, "orgs.isolate", "Isolate organizations",
     "Separate an organization's users from all others."},
    {32, false, "auth.validate_tokens", "Validate access tokens",
     "Ask whether a user's access token is good."},
    {33, true, "auth.create_access_tokens", "Create access tokens",
     "Make an access token for any user."},
    {34, true, "auth.create_magic_links", "Create magic links", "Make a link that logs a user in."},
    {35, false, "auth.read_mfa", "Read MFA state", "See whether users have a second factor."},
    {36, false, "auth.send_mfa_challenges", "Send MFA challenges",
     "Ask a user for the second factor."},
    {37, true, "auth.verify_mfa", "Verify MFA challenges",
     "Decide whether a second factor was right."},
    {38, true, "auth.read_oauth_tokens", "Read OAuth tokens",
     "Read users' tokens for other services."},
    {40, false, "sso.read", "Read SSO connections", "See connections and their state."},
    {41, true, "sso.manage_access", "Manage access to SSO",
     "Decide which organizations may use SSO."},
    {42, false, "sso.create_setup_links", "Create setup links",
     "Make links by which a customer sets SSO up."},
    {43, true, "sso.configure", "Configure SSO", "Change connections."},
    {44, true, "sso.go_live", "Go live", "Switch connections on."},
    {45, true, "sso.delete_connection", "Delete connections", "Remove SSO connections."},
    {46, false, "sso.read_scim", "Read SCIM", "See provisioning by SCIM."},
    {48, false, "apikeys.read", "Read keys", "Get and list API keys."},
    {49, true, "apikeys.create", "Create keys",
     "Create and rotate API keys, up to the caller's own scopes."},
    {50, false, "apikeys.update", "Update keys", "Change API keys, and resume what was stopped."},
    {51, false, "apikeys.revoke", "Revoke keys", "Revoke keys; stop and delete owners."},
    {52, false, "apikeys.validate", "Validate keys",
     "Ask whether a key is good and what it may do."},
    {53, true, "apikeys.import", "Import keys", "Bring keys of another system."},
    {54, false, "apikeys.read_usage", "Read usage", "See how keys are used."},
    {56, false, "misc.read_insights", "Read insights", "Read reports on usage."},
    {57, false, "misc.read_signup_params", "Read sign-up parameters",
     "Read what users brought when they signed up."},
    {58, false, "misc.read_employees", "Read employees", "Read the list of your own staff."},
};

#define BIT(n) (UINT64_C(1) << (n))

static const bt_preset presets[] = {
    {.name = "validation_only",
     .description = "Validate API keys and users' access tokens, and nothing else.",
     .mask = BIT(32) | BIT(52),
     .version = 1},
    {.name = "read_and_validate",
     .description = "Read everything and validate; change nothing.",
     .mask = BIT(0) | BIT(16) | BIT(27) | BIT(32) | BIT(35) | BIT(40) | BIT(46) | BIT(48) |
             BIT(52) | BIT(54) | BIT(56) | BIT(57) | BIT(58),
     .version = 1},
};

const bt_preset bt_preset_full_access = {
    .name = BT_PRESET_FULL_ACCESS,
    .description = "Every live scope, those added later too.",
    .full_access = true,
    .version = 1,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint8_t category_of(const bt_catalogue *catalogue, uint8_t bit) {
    uint8_t at = 0;
    while (!(bt_category_window(&catalogue->categories[at]) & bt_mask_bit(bit))) at++;
    return at;
}

static void add_scope(bt_catalogue *catalogue, const shipped_scope *from) {
    bt_scope *scope = &catalogue->scopes[from->bit];
    bt_bytes_copy_text(bt_bytes_text(from->name), scope->name, sizeof scope->name);
    bt_bytes_copy_text(bt_bytes_text(from->title), scope->title, sizeof scope->title);
    bt_bytes_copy_text(bt_bytes_text(from->description), scope->description,
                       sizeof scope->description);
    scope->category = category_of(catalogue, from->bit);
    scope->high_risk = from->high_risk;
}

void bt_catalogue_default(bt_catalogue *ret_catalogue) {
    *ret_catalogue = (bt_catalogue){.generation = BT_CATALOGUE_SHIPPED,
                                    .categories_count = COUNT(categories),
                                    .presets_count = COUNT(presets) + 1};
    memcpy(ret_catalogue->categories, categories, sizeof categories);
    memcpy(ret_catalogue->presets, presets, sizeof presets);
    ret_catalogue->presets[COUNT(presets)] = bt_preset_full_access;
    for (size_t i = 0; i < COUNT(scopes); i++) add_scope(ret_catalogue, &scopes[i]);
    bt_catalogue_seal(ret_catalogue);
}
