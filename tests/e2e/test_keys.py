"""KeyService over a real connection: the life of a key, who may do what, and bad input."""
import random
import re
import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import support

INVALID = grpc.StatusCode.INVALID_ARGUMENT
DENIED = grpc.StatusCode.PERMISSION_DENIED
SERVICE = "/bitting.v1.KeyService/"


@pytest.fixture
def root(server):
    """The credential of a key that may do everything."""
    return support.bearer(server.create_key("root", preset="full_access")[0])


@pytest.fixture
def create(keys, protos, root):
    """create(name=..., ...) is CreateKey by `root`, or by another: caller=token."""
    def call(caller=None, **fields):
        request = protos.key.CreateKeyRequest(**{"name": "a key", **fields})
        return keys.CreateKey(request, metadata=support.bearer(caller) if caller else root)
    return call


def refused(call, *words, **fields):
    with pytest.raises(grpc.RpcError) as caught:
        call(*words, **fields)
    return caught.value


def test_a_key_lives_its_life(server, keys, checks, protos, root, create):
    expires = Timestamp(seconds=int(time.time()) + 1000, nanos=123456789)
    made = create(name="pipeline", scopes=["users.read"], metadata='{"a": [1, 2.0]}', labels={"team": "blue"},
                  expires_at=expires)
    key = made.key
    assert made.token.startswith("bt_test_") and len(key.key_id) == 32
    assert (key.metadata, dict(key.labels), key.kind) == ('{"a": [1, 2.0]}', {"team": "blue"}, protos.key.KEY_KIND_BACKEND)
    assert (key.expires_at.seconds, key.expires_at.nanos) == (expires.seconds, 123000000)
    got = keys.GetKey(protos.key.GetKeyRequest(key_id=key.key_id, min_revision=made.revision), metadata=root)
    assert got.key == key
    question = protos.check.CheckScopeRequest(token=made.token, scopes=["users.read"], environment="test",
                                              min_revision=made.revision)
    assert checks.CheckScope(question).allowed
    gone = keys.RevokeKey(protos.key.RevokeKeyRequest(key_id=key.key_id.upper(), reason="leaked"), metadata=root)
    question.min_revision = gone.revision
    assert checks.CheckScope(question).reason == protos.check.REASON_REVOKED
    keys.RevokeKey(protos.key.RevokeKeyRequest(key_id=key.key_id, reason="again"), metadata=root)
    got = keys.GetKey(protos.key.GetKeyRequest(key_id=key.key_id), metadata=root).key
    assert (got.state, got.revoke_reason) == (protos.key.KEY_STATE_REVOKED, "leaked")
    server.stop()
    server.start()
    again = protos.check_grpc.CheckServiceStub(server.trusted())
    assert again.CheckScope(question).reason == protos.check.REASON_REVOKED


@pytest.mark.parametrize("fields, said", [
    ({"name": ""}, "name: must not be empty"),
    ({"name": "x" * 201}, "name: has 201 bytes; at most 200"),
    ({"name": "a\nb"}, "name: must be UTF-8 without control"),
    ({"name": "a\0b"}, "name: must be UTF-8 without control"),
    ({"name": "a\u0085b"}, "name: must be UTF-8 without control"),
    ({"environment": "prod"}, "environment: the caller's key belongs to test"),
    ({"kind": 5}, "kind: 5 is not a value"),
    ({"kind": -1}, "kind: -1 is not a value"),
    ({"user_id": "u"}, "user_id: a key of kind backend has none"),
    ({"kind": 2}, "user_id: must be named"),
    ({"kind": 3, "org_id": "o" * 129}, "org_id: has 129 bytes"),
    ({"kind": 4, "org_id": "o"}, "org_id: a key of kind generic has none"),
    ({"scopes": ["users.raed"]}, 'scopes[0]: there is no scope "users.raed"'),
    ({"selectors": ["Project:42"]},
     "selectors[0]: must be `type:name` in at most 200 characters of ASCII, the type in lower case"),
    ({"scope_mask": 1 << 15}, "scope_mask: bit 15 is not assigned"),
    ({"scope_mask": 1 << 63}, "scope_mask: has bit 63"),
    ({"preset": "everything"}, 'preset: there is no "everything"'),
    ({"preset": "full_access", "scope_mask": 1}, "scopes, scope_mask, preset: more than one"),
    ({"expires_at": Timestamp(seconds=1)}, "expires_at: 1970-01-01T00:00:01.000Z is not in the future"),
    ({"expires_at": Timestamp()}, "expires_at: 1970-01-01T00:00:00.000Z is not in the future"),
    ({"expires_at": Timestamp(seconds=-1)}, "expires_at: a time before 1970"),
    ({"expires_at": Timestamp(seconds=253402300800)}, "expires_at: 253402300800 seconds are not in"),
    ({"expires_at": Timestamp(seconds=(1 << 63) - 1)}, "expires_at: 9223372036854775807 seconds"),
    ({"expires_at": Timestamp(seconds=4102444800, nanos=-1)}, "expires_at: nanos is -1"),
    ({"expires_at": Timestamp(seconds=4102444800, nanos=1000000000)}, "expires_at: nanos is 1000000000"),
    ({"metadata": "[]"}, "metadata: must be a JSON object"),
    ({"metadata": "{" * 1000}, "metadata: is 1000 levels deep; at most 32"),
    ({"metadata": '{"a":"' + "x" * 8192 + '"}'}, "metadata: has 8200 bytes; at most 8192"),
    ({"labels": {"a b": "c"}}, 'labels: the key "a b"'),
    ({"labels": {"a": "x" * 256}}, "labels[a]: has 256 bytes"),
    ({"labels": {f"k{i}": "" for i in range(33)}}, "labels: at most 32"),
])
def test_a_bad_key_is_refused_by_field(create, keys, protos, root, fields, said):
    before = len(keys.ListKeys(protos.key.ListKeysRequest(), metadata=root).keys)
    error = refused(create, **fields)
    assert error.details()[:len(said)] == said
    assert error.code() == (DENIED if "environment" in fields else INVALID)
    assert len(keys.ListKeys(protos.key.ListKeysRequest(), metadata=root).keys) == before


def test_a_megabyte_of_a_name_is_too_much(create):
    assert refused(create, name="x" * (1 << 20)).code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_nobody_grants_what_they_lack(server, create, protos, checks):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    draw = random.Random(seed)
    live = (1 << 13) - 1
    for _ in range(100):
        held = draw.getrandbits(63) & draw.getrandbits(63) & live
        caller = create(scope_mask=held | 1 << 49).token
        for _ in range(5):
            wanted = draw.choice([held & draw.getrandbits(63), draw.getrandbits(63) & live, held])
            if wanted & ~held:
                error = refused(create, caller=caller, scope_mask=wanted)
                assert error.code() == DENIED and error.details().startswith("scopes: the key would hold users.")
            else:
                assert create(caller=caller, scope_mask=wanted).key.scope_mask == wanted
        assert refused(create, caller=caller, preset="full_access").code() == DENIED


def test_each_call_needs_its_scope_and_trusted_listeners_have_none_of_them(server, create, keys, protos):
    requests = {"CreateKey": ("create", protos.key.CreateKeyRequest(name="x")),
                "GetKey": ("read", protos.key.GetKeyRequest(key_id="0" * 32)),
                "ListKeys": ("read", protos.key.ListKeysRequest()),
                "RevokeKey": ("revoke", protos.key.RevokeKeyRequest(key_id="0" * 32))}
    every = ["create", "read", "revoke", "validate", "update", "import", "read_usage"]
    trusted = protos.key_grpc.KeyServiceStub(server.trusted())
    for method, (scope, request) in requests.items():
        others = create(scopes=[f"apikeys.{name}" for name in every if name != scope]).token
        error = refused(getattr(keys, method), request, metadata=support.bearer(others))
        assert error.code() == DENIED and f"apikeys.{scope}" in error.details()
        assert refused(getattr(keys, method), request).code() == grpc.StatusCode.UNAUTHENTICATED
        one = create(scopes=[f"apikeys.{scope}"]).token
        try:
            getattr(keys, method)(request, metadata=support.bearer(one))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND
        for metadata in ((), support.bearer(one)):
            error = refused(getattr(trusted, method), request, metadata=metadata)
            assert error.code() == grpc.StatusCode.UNIMPLEMENTED


def test_keys_of_another_environment_are_not_found(server, keys, protos, root):
    server.cli("env", "add", "prod")
    _, other = server.create_key("p", env="prod")
    for call, request in ((keys.GetKey, protos.key.GetKeyRequest), (keys.RevokeKey, protos.key.RevokeKeyRequest)):
        said = set()
        for key_id in (other["key_id"], "0" * 32):
            error = refused(call, request(key_id=key_id), metadata=root)
            assert error.code() == grpc.StatusCode.NOT_FOUND
            said.add(error.details().replace(key_id, ""))
        assert len(said) == 1
        for key_id in ("", "xyz", "0" * 31, "g" * 32):
            error = refused(call, request(key_id=key_id), metadata=root)
            said = "key_id, token: " if not key_id and call is keys.RevokeKey else "key_id: must be 32 hexadecimal digits"
            assert error.code() == INVALID and error.details().startswith(said)
    assert all(key.environment == "test" for key in keys.ListKeys(protos.key.ListKeysRequest(), metadata=root).keys)


def test_pages_have_every_key_once_and_their_tokens_cannot_be_forged(keys, protos, root, create):
    made = [create(name=f"k{i:03}").key.key_id for i in range(57)]
    seen, page_token = [], ""
    while True:
        page = keys.ListKeys(protos.key.ListKeysRequest(page_size=10, name_prefix="k", page_token=page_token),
                             metadata=root)
        seen += [key.key_id for key in page.keys]
        create(name="other")
        if not page.next_page_token:
            break
        page_token = page.next_page_token
    assert sorted(seen) == sorted(made) and seen == sorted(seen)
    tampered = ("1" if page_token[0] == "0" else "0") + page_token[1:]
    for request in (dict(page_token=page_token), dict(name_prefix="k", kind=1, page_token=page_token),
                    dict(name_prefix="k", page_token=tampered), dict(name_prefix="k", page_token="x"),
                    dict(name_prefix="k", page_token=page_token + "00")):
        error = refused(keys.ListKeys, protos.key.ListKeysRequest(**request), metadata=root)
        assert error.code() == INVALID and error.details().startswith("page_token: ")
    for size in (-1, 1001):
        error = refused(keys.ListKeys, protos.key.ListKeysRequest(page_size=size), metadata=root)
        assert error.code() == INVALID and error.details().startswith(f"page_size: is {size}")


@pytest.mark.parametrize("method", ["CreateKey", "GetKey", "ListKeys", "RevokeKey"])
def test_bytes_that_are_no_request_are_refused_and_nothing_is_lost(server, keys, protos, root, create, method):
    kept = create(name="kept").key
    seed = random.randrange(1 << 32)
    print("seed", seed)
    draw = random.Random(seed)
    call = server.guarded().unary_unary(SERVICE + method)
    good = protos.key.CreateKeyRequest(name="x" * 50, scopes=["users.read"], metadata="{}").SerializeToString()
    for i in range(300):
        message = good[:draw.randrange(1, len(good))] if i % 3 == 0 else draw.randbytes(1 + draw.randrange(200))
        try:
            call(message, metadata=root)
        except grpc.RpcError as error:
            # By chance some bytes are a request: one about an environment or a token that is not there.
            by_chance = (error.code() == DENIED and error.details().startswith("environment: ")
                         or error.code() == grpc.StatusCode.NOT_FOUND and method == "RevokeKey")
            assert by_chance or error.code() == INVALID and error.details(), message.hex()
    error = refused(call, b"\x0a" * ((64 << 10) + 1), metadata=root)
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert keys.GetKey(protos.key.GetKeyRequest(key_id=kept.key_id), metadata=root).key == kept


def test_a_key_that_is_denied_for_its_owner_looks_good(server, keys, protos, root):
    _, key = server.create_key("Ada's", kind="personal", user="u1", org="o1")
    _, made = server.create_key("o1's", kind="org", user="u1", org="o1")

    def stopped(of):
        got = keys.GetKey(protos.key.GetKeyRequest(key_id=of["key_id"]), metadata=root).key
        assert got.state == protos.key.KEY_STATE_ACTIVE
        listed = keys.ListKeys(protos.key.ListKeysRequest(user_id="u1"), metadata=root).keys
        assert [one for one in listed if one.key_id == of["key_id"]] == [got]
        shown = server.cli("key", "show", of["key_id"]).stdout
        told = re.search(r"^state +(\w+)$", shown, re.M)[1]
        assert told == ("owner_stopped" if got.owner_stopped else "active")
        renamed = keys.UpdateKey(protos.key.UpdateKeyRequest(
            key_id=of["key_id"], name=got.name, update_mask={"paths": ["name"]}), metadata=root).key
        assert renamed == got
        return got.owner_stopped

    def owner(action, *words):
        assert server.cli("owner", action, "--env", "test", *words).returncode == 0

    assert not stopped(key) and not stopped(made)
    owner("stop", "--user", "u1", "--org", "o1")
    assert stopped(key) and not stopped(made)
    assert server.cli("env", "set", "test", "--org-keys-stop-with-creator", "yes").returncode == 0
    assert stopped(made)
    owner("resume", "--user", "u1", "--org", "o1")
    assert not stopped(key) and not stopped(made)
    owner("delete", "--user", "u1")
    assert stopped(key) and stopped(made)
