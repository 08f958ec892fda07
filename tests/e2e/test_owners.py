"""What stops with whom, said as a table; and that nobody hands out what they lack, whatever they ask for.

  BITTING_PRIVILEGE_SEED    the seed of another run, which a failure tells
  BITTING_PRIVILEGE_PAIRS   how many pairs of a caller and a request (500 unless told; 10,000 take about a minute)
"""
import os
import random

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

import support
from moved_clock import SHIM, MovedClock

PAIRS = int(os.environ.get("BITTING_PRIVILEGE_PAIRS", 500))
SEED = int(os.environ.get("BITTING_PRIVILEGE_SEED", 0)) or random.SystemRandom().randrange(1, 2 ** 32)
LIFE_MS, GRACE_MS = 100_000, 10_000

pytestmark = [pytest.mark.skipif(not SHIM.exists(), reason="no shim is preloaded into a sanitized program"),
              pytest.mark.parametrize("transport", ["grpc"], indirect=True)]

USER, ORG, BOTH = {"user_id": "ada"}, {"org_id": "acme"}, {"user_id": "ada", "org_id": "acme"}
# Which key, which calls of OwnerService, whether organizations' keys stop with their maker; whether the key stops.
TABLE = [
    ("personal", USER, [("StopOwner", USER)], False, True),
    ("personal", USER, [("DeleteOwner", USER)], False, True),
    ("personal", USER, [("StopOwner", USER), ("ResumeOwner", USER)], False, False),
    ("personal", USER, [("DeleteOwner", USER), ("ResumeOwner", USER)], False, True),
    ("personal", USER, [("StopOwner", USER), ("DeleteOwner", USER), ("ResumeOwner", USER)], False, True),
    ("personal", USER, [("StopOwner", ORG), ("EndMembership", BOTH)], False, False),
    ("personal", BOTH, [("StopOwner", ORG)], False, True),
    ("personal", BOTH, [("EndMembership", BOTH)], False, True),
    ("personal", BOTH, [("EndMembership", BOTH), ("ResumeMembership", BOTH)], False, False),
    ("personal", BOTH, [("EndMembership", BOTH), ("StopOwner", USER), ("ResumeOwner", USER)], False, True),
    ("org", ORG, [("DeleteOwner", ORG)], False, True),
    ("org", ORG, [("StopOwner", ORG)], False, True),
    ("org", ORG, [("StopOwner", ORG), ("ResumeOwner", ORG)], False, False),
    ("org", ORG, [("DeleteOwner", ORG), ("ResumeOwner", ORG)], False, True),
    *((("org", BOTH, calls, rule, rule and stops)) for rule in (False, True) for calls, stops in (
        ([("EndMembership", BOTH)], True),
        ([("EndMembership", BOTH), ("ResumeMembership", BOTH)], False),
        ([("StopOwner", USER)], True),
        ([("StopOwner", USER), ("ResumeOwner", USER)], False),
        ([("DeleteOwner", USER)], True))),
    *(("org", BOTH, [("DeleteOwner", ORG)], rule, True) for rule in (False, True)),
    *(("generic", {}, [(call, who) for who in (USER, ORG) for call in ("StopOwner", "DeleteOwner")]
       + [("EndMembership", BOTH)], rule, False) for rule in (False, True)),
]
KINDS = {"personal": 2, "org": 3, "generic": 4}


class House:
    """A server with a clock that stands still, and its callers."""

    def __init__(self, server, clock, protos):
        self.server, self.clock, self.protos = server, clock, protos
        self.root = support.bearer(server.create_key("root", preset="full_access")[0])
        guarded = server.guarded()
        self.keys = protos.key_grpc.KeyServiceStub(guarded)
        self.owners = protos.owner_grpc.OwnerServiceStub(guarded)
        self.checks = protos.check_grpc.CheckServiceStub(server.trusted())

    def key(self, method, caller=None, **fields):
        return getattr(self.keys, method)(getattr(self.protos.key, f"{method}Request")(**fields),
                                          metadata=caller or self.root)

    def owner(self, method, caller=None, **fields):
        return getattr(self.owners, method)(getattr(self.protos.owner, f"{method}Request")(**fields),
                                            metadata=caller or self.root)

    def create(self, kind, owner, **fields):
        return self.key("CreateKey", name="k", kind=KINDS[kind], scopes=["users.read"], **owner, **fields)

    def at(self, ms):
        ms = self.clock.now_ms + ms
        return Timestamp(seconds=ms // 1000, nanos=ms % 1000 * 1000000)

    def disable(self, made, disabled=True):
        self.key("UpdateKey", key_id=made.key.key_id, update_mask=FieldMask(paths=["disabled"]), disabled=disabled)

    def reason(self, token, **more):
        answer = self.checks.CheckScope(self.protos.check.CheckScopeRequest(
            token=token, environment="test", scopes=["users.read"], **more))
        validated = self.checks.Validate(self.protos.check.ValidateRequest(token=token, environment="test"))
        reason = self.protos.check.Reason.Name(answer.reason).removeprefix("REASON_")
        assert answer.allowed == (reason == "ALLOWED")
        if not more and answer.reason < self.protos.check.REASON_MISSING_SCOPE:
            assert validated.reason == answer.reason, "Validate and CheckScope see one credential"
        return reason


@pytest.fixture
def house(new_server, protos, tmp_path):
    clock = MovedClock(tmp_path / "clock")
    return House(new_server(variables=clock.variables), clock, protos)


@pytest.mark.parametrize("kind, owner, calls, rule, stops", TABLE, ids=lambda value: str(value) if isinstance(
    value, str) else None)
def test_a_key_stops_with_its_owners_and_with_nobody_else(house, kind, owner, calls, rule, stops):
    if rule:
        assert house.server.cli("env", "set", "test", "--org-keys-stop-with-creator", "yes").returncode == 0
    begun = house.create(kind, owner)
    ahead = house.create(kind, owner, not_before=house.at(5 * LIFE_MS))
    ends = house.create(kind, owner, expires_at=house.at(LIFE_MS))
    disabled, revoked, both = (house.create(kind, owner, expires_at=house.at(LIFE_MS)) for _ in range(3))
    old = house.create(kind, owner)
    new = house.key("RotateKey", key_id=old.key.key_id, grace=Duration(seconds=GRACE_MS // 1000))
    other = house.create("generic", {})
    for made in (disabled, both):
        house.disable(made)
    for made in (revoked, both):
        house.key("RevokeKey", key_id=made.key.key_id)
    for method, who in calls:
        house.owner(method, **who)
    good = "OWNER_STOPPED" if stops else "ALLOWED"

    def life():
        return [house.reason(made.token) for made in (begun, ahead, ends, disabled, revoked, both, old, new, other)]

    assert life() == [good, "NOT_YET_VALID", good, "DISABLED", "REVOKED", "REVOKED", good, good, "ALLOWED"]
    # What precedes it, and what it precedes.
    assert house.reason(begun.token, accepted_kinds=[1]) == ("OWNER_STOPPED" if stops else "WRONG_KIND")
    assert house.reason(begun.token, scope_mask=2) == ("OWNER_STOPPED" if stops else "MISSING_SCOPE")
    house.clock.move(GRACE_MS - 1)
    assert life()[6:8] == [good, good]
    house.clock.move(1)
    assert life() == [good, "NOT_YET_VALID", good, "DISABLED", "REVOKED", "REVOKED", "EXPIRED", good, "ALLOWED"]
    house.clock.move(LIFE_MS - GRACE_MS - 1)
    assert life()[2] == good
    house.clock.move(1)
    assert life() == [good, "NOT_YET_VALID", "EXPIRED", "DISABLED", "REVOKED", "REVOKED", "EXPIRED", good, "ALLOWED"]
    house.disable(disabled, False)
    assert house.reason(disabled.token) == "EXPIRED"
    house.clock.move(4 * LIFE_MS)
    assert life()[1] == good
    fresh = house.create(kind, owner)
    deleted = any(method == "DeleteOwner" for method, _ in calls)
    # Who is deleted and comes again begins anew; a block holds for keys that are made later, too.
    assert house.reason(fresh.token) == ("ALLOWED" if deleted else good)


NEED = {"CreateKey": 49, "RotateKey": 49, "UpdateKey": 50, "ResumeOwner": 50, "ResumeMembership": 50, "ImportKeys": 53}
NEVER = 10 ** 15


class Granters:
    """Random callers that ask for random changes of random keys."""

    def __init__(self, house, chance):
        self.house, self.random, self.tried = house, chance, {}
        listed = house.key("ListKeys", page_size=1000)
        self.live = next(key.scope_mask for key in listed.keys if key.full_access)
        # Whatever the seed, each right to change something is held by some callers and missing to others.
        rights = sorted(set(NEED.values()))
        sets = [sum(1 << bit for place, bit in enumerate(rights) if number >> place & 1)
                for number in range(2 ** len(rights))]
        self.callers = [*(self.caller() for _ in range(4)), *(self.caller(holds, sets[-1]) for holds in sets * 2)]

    def mask(self, *weights):
        weight = self.random.choice(weights or (0.02, 0.02, 0.1, 0.9))
        return sum(1 << bit for bit in range(63) if self.live >> bit & 1 and self.random.random() < weight)

    def caller(self, holds=None, rights=0):
        """One who holds, of these rights, just those; of all else what chance gives. One who holds all, unless told."""
        full = holds is None
        mask = self.live if full else self.mask(0.3, 0.8, 0.97) & ~rights | holds
        grant = {"preset": "full_access"} if full else {"scope_mask": mask}
        return support.bearer(self.house.key("CreateKey", name="caller", **grant).token), mask, full

    def grant(self):
        return {"preset": "full_access"} if self.random.random() < 0.1 else {"scope_mask": self.mask()}

    def old_key(self):
        """One that the administrator made; sometimes its owner is stopped, or it is switched off."""
        random = self.random
        owner = random.choice(({}, {"user_id": "u%d" % random.getrandbits(40), "org_id": "o"}))
        bound = {"networks": ["10.0.0.0/8"], "selectors": ["project:42"]} if random.random() < 0.5 else {}
        ends = {"expires_at": self.house.at(10 ** 6)} if random.random() < 0.5 else {}
        made = self.house.key("CreateKey", name="k", kind=2 if owner else 4, **owner, **bound, **ends, **self.grant())
        if random.random() < 0.3:
            self.house.disable(made)
        return made

    def change(self, old):
        """The fields of a random UpdateKey."""
        random = self.random
        choices = [self.grant(), {"disabled": False}, {"disabled": True}, {"never_expires": True}, {"networks": []},
                   {"selectors": ["project:4*"]}, {"networks": ["10.1.0.0/16"]},
                   {"expires_at": self.house.at(2 * 10 ** 6)}, {"expires_at": self.house.at(1000)}, {"name": "another"}]
        first, second = random.sample(choices, 2)
        fields = {**second, **first}
        if {"never_expires", "expires_at"} <= fields.keys() or random.random() < 0.5:
            fields = first
        return {"key_id": old.key.key_id, "update_mask": FieldMask(paths=list(fields)), **fields}

    def attempt(self, method, caller, holds, call):
        """The answer, or None. holds: the caller holds all that this would hand out."""
        token, mask, _ = caller
        may = bool(mask >> NEED[method] & 1)
        tried = self.tried.setdefault(method, {"made": 0, "refused": 0})
        try:
            answer = call(token)
        except grpc.RpcError as error:
            assert error.code().name in ("PERMISSION_DENIED", "FAILED_PRECONDITION"), error
            # Otherwise a service that refuses everything would pass.
            assert error.code().name != "PERMISSION_DENIED" or not (may and holds), f"{method}: {error}"
            tried["refused"] += 1
            return None
        assert may, f"{method} without bit {NEED[method]}"
        tried["made"] += 1
        return answer

    def covers(self, caller, key):
        return caller[2] or not key.full_access and not key.scope_mask & ~caller[1]

    def get(self, made):
        return self.house.key("GetKey", key_id=made.key.key_id).key

    def try_create(self, caller):
        grant = self.grant()
        holds = caller[2] or "preset" not in grant and not grant["scope_mask"] & ~caller[1]
        answer = self.attempt("CreateKey", caller, holds, lambda token: self.house.key(
            "CreateKey", token, name="made", kind=self.random.choice((1, 4)), **grant))
        assert not answer or self.covers(caller, answer.key)

    def try_import(self, caller):
        grant, house = self.grant(), self.house
        request = house.protos.key.ImportKey(token="foreign-%x" % self.random.getrandbits(80),
                                             key=house.protos.key.CreateKeyRequest(name="i", kind=4, **grant))
        answer = self.attempt("ImportKeys", caller, True, lambda token: house.key("ImportKeys", token, keys=[request]))
        holds = caller[2] or "preset" not in grant and not grant["scope_mask"] & ~caller[1]
        assert not answer or answer.results[0].code == (0 if holds else 7), answer
        assert not answer or (house.reason(request.token) not in ("MALFORMED_TOKEN", "UNKNOWN_KEY")) == holds

    def try_rotate(self, caller):
        old = self.old_key()
        answer = self.attempt("RotateKey", caller, self.covers(caller, old.key), lambda token: self.house.key(
            "RotateKey", token, key_id=old.key.key_id, grace=Duration(seconds=self.random.choice((1, 60)))))
        assert not answer or self.covers(caller, answer.key)

    def try_update(self, caller):
        old = self.old_key()
        before, fields = self.get(old), self.change(old)
        asked = self.live if fields.get("preset") else fields.get("scope_mask", before.scope_mask)
        holds = caller[2] or not asked & ~caller[1] and not before.full_access and "preset" not in fields
        done = self.attempt("UpdateKey", caller, holds, lambda token: self.house.key("UpdateKey", token, **fields))
        after = self.get(old)
        if not done:
            assert after == before
            return
        assert self.covers(caller, after) or not self.more(before, after), f"{fields}: {before} became {after}"

    @staticmethod
    def more(before, after):
        """Whether a key is good for more, for longer or in more places. The bounds are those of old_key and change."""
        def end(key):
            return key.expires_at.ToMilliseconds() if key.HasField("expires_at") else NEVER
        widened = (before.networks and not after.networks) or (
            list(before.selectors) == ["project:42"] and list(after.selectors) == ["project:4*"])
        gained = after.scope_mask & ~before.scope_mask or after.full_access and not before.full_access
        return bool(gained or widened or end(after) > end(before) or (before.state == 3) > (after.state == 3))

    def try_resume(self, caller):
        """Two keys of one user, of whom the caller may hold one."""
        user = "r%d" % self.random.getrandbits(40)
        whose = self.random.choice(({"user_id": user}, {"user_id": user, "org_id": "o"}))
        keys = [self.house.key("CreateKey", name="k", kind=2, user_id=user, org_id="o", **self.grant())
                for _ in range(2)]
        self.house.owner("EndMembership" if len(whose) == 2 else "StopOwner", **whose)
        holds = all(self.covers(caller, made.key) for made in keys)
        method = "ResumeMembership" if len(whose) == 2 else "ResumeOwner"
        done = self.attempt(method, caller, holds, lambda token: self.house.owner(method, token, **whose))
        assert not done or holds
        for made in keys:
            assert (self.house.reason(made.token) == "OWNER_STOPPED") == (not done)


def test_nobody_hands_out_more_than_they_hold(house):
    print(f"BITTING_PRIVILEGE_SEED={SEED} BITTING_PRIVILEGE_PAIRS={PAIRS}")
    granters = Granters(house, random.Random(SEED))
    tries = [granters.try_create, granters.try_import, granters.try_rotate, granters.try_update, granters.try_update,
             granters.try_resume]
    for number in range(PAIRS):
        tries[number % len(tries)](granters.random.choice(granters.callers))
    print(granters.tried)
    if PAIRS >= 500:
        assert all(count["made"] and count["refused"] for count in granters.tried.values()), granters.tried


def test_an_imported_key_is_revoked_by_its_token(house):
    """Whoever finds a token has nothing else to name its key by."""
    item = house.protos.key.ImportKey(token="old-token-of-theirs",
                                      key=house.protos.key.CreateKeyRequest(name="i", kind=4, scopes=["users.read"]))
    assert house.key("ImportKeys", keys=[item]).results[0].key_id
    assert house.reason(item.token) == "ALLOWED"
    with pytest.raises(grpc.RpcError) as caught:
        house.key("RevokeKey", token="old-token-of-others")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    house.key("RevokeKey", token=f"Bearer {item.token}")
    assert house.reason(item.token) == "REVOKED"


def test_a_caller_who_may_only_create_makes_nothing_that_holds_more(house):
    only = support.bearer(house.key("CreateKey", name="c", scopes=["apikeys.create"]).token)
    for grant in ({}, {"scopes": ["apikeys.create"]}):
        made = house.key("CreateKey", only, name="k", **grant)
        assert made.key.scope_mask in (0, 1 << 49) and not made.key.full_access
    beyond = [{"scope_mask": 1 << bit | 1 << 49} for bit in (0, 16, 32, 40, 48, 50, 51, 52, 53, 54, 56)]
    for grant in ({"preset": "full_access"}, {"preset": "validation_only"}, *beyond):
        with pytest.raises(grpc.RpcError) as caught:
            house.key("CreateKey", only, name="k", **grant)
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
