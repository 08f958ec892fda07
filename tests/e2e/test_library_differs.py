"""Thousands of random questions about random keys: the library and the server give the same answers."""
import random
import time

import pytest

import support
from test_library import libbitting, opened, pytestmark, site  # noqa: F401  (fixtures)

SEED = 20260723
KEYS, QUESTIONS = 60, 3000
RESOURCES = ["", "project:1", "project:12", "team:red", "bucket:1"]
SELECTORS = ["project:1", "project:*", "team:*", "bucket:1"]
CLIENTS = ["", "10.1.2.3", "10.9.9.9", "192.0.2.7", "::1", "2001:db8::9", "::ffff:10.1.2.3"]
NETWORKS = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"]


class Keys:
    """Makes keys of every kind and state."""

    def __init__(self, server, protos, dice):
        self.server, self.protos, self.dice, self.tokens = server, protos, dice, []
        self.service = protos.key_grpc.KeyServiceStub(server.guarded())
        self.owners = protos.owner_grpc.OwnerServiceStub(server.guarded())
        self.caller = support.bearer(server.create_key("caller", preset="full_access")[0])

    def mask(self):
        bits = range(63)
        return sum(1 << bit for bit in self.dice.sample(bits, self.dice.randint(1, 40)))

    def some(self, values):
        return self.dice.sample(values, self.dice.randint(1, 2)) if self.dice.random() < 0.3 else []

    def request(self, live):
        dice, kind = self.dice, self.dice.randint(1, 4)
        fields = {"user_id": f"u{dice.randint(0, 5)}"} if kind == 2 else {}
        fields |= {"org_id": f"o{dice.randint(0, 3)}"} if kind == 3 else {}
        request = self.protos.key.CreateKeyRequest(name="k", kind=kind, scope_mask=self.mask() & live or 1,
                                                   selectors=self.some(SELECTORS), networks=self.some(NETWORKS),
                                                   **fields)
        if dice.random() < 0.15:
            request.not_before.FromSeconds(int(time.time()) + 86400)
        if dice.random() < 0.3:
            request.expires_at.FromSeconds(int(time.time()) + 90 * 86400)
        elif not request.HasField("not_before") and dice.random() < 0.15:
            request.expires_in.FromSeconds(1)
        return request

    def make(self, live):
        made = self.service.CreateKey(self.request(live), metadata=self.caller)
        self.tokens.append(made.token)
        if self.dice.random() < 0.15:
            self.service.RevokeKey(self.protos.key.RevokeKeyRequest(key_id=made.key.key_id), metadata=self.caller)
        return made.key.key_id

    def stop_owners(self):
        for owner in ({"user_id": "u1"}, {"org_id": "o2"}):
            self.owners.StopOwner(self.protos.owner.StopOwnerRequest(**owner), metadata=self.caller)


def token_of(dice, tokens):
    token = dice.choice(tokens)
    if dice.random() < 0.9:
        return token if dice.random() < 0.9 else "Bearer " + token
    at = dice.randrange(len(token))
    return dice.choice(["", "junk", token[:at], token[:at] + chr(dice.randint(32, 126)) + token[at + 1:], token + "\n"])


def question_of(dice, tokens, names):
    fields = {"token": token_of(dice, tokens), "environment": "test", "match": dice.choice((1, 1, 2)),
              "scopes": dice.sample(names, dice.randint(0, 3)),
              "scope_mask": 1 << dice.randrange(63) if dice.random() < 0.3 else 0,
              "resource": dice.choice(RESOURCES), "client_ip": dice.choice(CLIENTS),
              "accepted_kinds": dice.sample((1, 2, 3, 4), dice.choice((0, 0, 3)))}
    if not fields["scopes"] and not fields["scope_mask"]:
        fields["scopes"] = ["users.read"]
    if dice.random() < 0.2:
        fields |= {"requested_scopes": dice.sample(names, dice.randint(0, 20)), "check_requested": True}
    return fields


def live_names(opened, not_found):
    names = []
    for bit in range(63):
        try:
            names.append(opened.scope_name(bit))
        except not_found:
            pass
    return names


def ask(opened, fields):
    requested = tuple(fields["requested_scopes"]) if fields.get("check_requested") else None
    return opened.check(fields["token"], *fields["scopes"], scope_mask=fields["scope_mask"],
                        any=fields["match"] == 2, resource=fields["resource"], client_ip=fields["client_ip"],
                        accepted_kinds=fields["accepted_kinds"], requested_scopes=requested)


def texts(answer, expires_ms):
    return (answer.allowed, int(answer.reason), answer.key_id, answer.scope_mask, tuple(answer.missing_scopes),
            answer.revision, expires_ms)


def ours_and_theirs(ours, theirs):
    expires = theirs.expires_at.ToMilliseconds() if theirs.HasField("expires_at") else None
    return (texts(ours, round(ours.expires_at.timestamp() * 1000) if ours.expires_at else None),
            texts(theirs, expires))


@pytest.mark.parametrize("transport", ["grpc"], indirect=True)
def test_random_questions_have_the_servers_answers(server, checks, protos, libbitting, opened):
    dice = random.Random(SEED)
    names = live_names(opened, libbitting.NotFound)
    live = sum(1 << opened.scope_bit(name) for name in names)
    keys = Keys(server, protos, dice)
    for _ in range(KEYS):
        keys.make(live)
    keys.stop_owners()
    time.sleep(1.1)  # those that live for a second are then over for both
    questions = [question_of(dice, keys.tokens, names) for _ in range(QUESTIONS)]
    reasons = set()
    for start in range(0, QUESTIONS, 1000):
        part = questions[start:start + 1000]
        batch = protos.check.BatchCheckScopeRequest(checks=[protos.check.CheckScopeRequest(**one) for one in part])
        for fields, theirs in zip(part, checks.BatchCheckScope(batch).results):
            ours, expected = ours_and_theirs(ask(opened, fields), theirs)
            assert ours == expected, fields | {"token": "..."}
            reasons.add(protos.check.Reason.Name(theirs.reason)[len("REASON_"):])
    assert reasons == {"ALLOWED", "MALFORMED_TOKEN", "REVOKED", "EXPIRED", "NOT_YET_VALID", "OWNER_STOPPED", "WRONG_KIND",
                       "ADDRESS_NOT_ALLOWED", "MISSING_SCOPE", "RESOURCE_NOT_GRANTED"}
