"""Each of the 63 bits, asked of each golden key over gRPC: exactly what was granted is allowed."""
import json

import pytest

KEYS = {
    "pipeline": ["users.read"],
    "onboarding": ["users.create", "orgs.create"],
    "support": ["users.read", "users.send_email_confirmation"],
    "nothing": [],
}


@pytest.fixture
def catalogue(server):
    """Names of the scopes by bit."""
    listed = json.loads(server.cli("scope", "list", "--json").stdout)
    return {scope["bit"]: scope["name"] for category in listed["categories"] for scope in category["scopes"]}


@pytest.mark.parametrize("name", KEYS)
def test_exactly_the_granted_scopes_are_allowed(server, checks, protos, catalogue, name):
    token, key = server.create_key(name, KEYS[name])
    for bit in range(63):
        answer = checks.CheckScope(protos.check.CheckScopeRequest(
            token=token, scope_mask=1 << bit, environment="test"))
        granted = catalogue.get(bit) in KEYS[name]
        assert answer.allowed == granted, f"bit {bit} ({catalogue.get(bit)})"
        assert answer.reason == (protos.check.REASON_ALLOWED if granted else protos.check.REASON_MISSING_SCOPE)
        assert answer.key_id == key["key_id"]
    for bit, scope in catalogue.items():
        answer = checks.CheckScope(protos.check.CheckScopeRequest(token=token, scopes=[scope], environment="test"))
        assert answer.allowed == (scope in KEYS[name])
        assert list(answer.missing_scopes) == ([] if answer.allowed else [scope])


def test_all_bits_at_once_are_denied_unless_every_scope_is_held(server, checks, protos, catalogue):
    everything = (1 << 63) - 1
    live = sum(1 << bit for bit in catalogue)
    full, _ = server.create_key("full", preset="full_access")
    token, _ = server.create_key("pipeline", KEYS["pipeline"])

    def ask(token, mask, **more):
        return checks.CheckScope(protos.check.CheckScopeRequest(
            token=token, scope_mask=mask, environment="test", **more))

    assert ask(full, live).allowed and not ask(full, everything).allowed
    assert not ask(token, live).allowed
    assert ask(token, live, match=protos.check.MATCH_ANY).allowed
