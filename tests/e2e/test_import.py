"""Keys of another system: their hashes with its pepper, as every door finds them."""
import base64
import hashlib
import hmac
import json
import pathlib
import re
import stat

import grpc
import pytest

import support

PEPPER = b"pepper of the other system"


def hash_of(method, message):
    made = {"HASH_METHOD_SHA256": lambda: hashlib.sha256(message).digest(),
            "HASH_METHOD_HMAC_SHA256": lambda: hmac.new(PEPPER, message, hashlib.sha256).digest(),
            "HASH_METHOD_SHA256_PEPPER_FIRST": lambda: hashlib.sha256(PEPPER + message).digest(),
            "HASH_METHOD_SHA256_PEPPER_LAST": lambda: hashlib.sha256(message + PEPPER).digest()}
    return made[method]()


METHODS = ["HASH_METHOD_HMAC_SHA256", "HASH_METHOD_SHA256_PEPPER_FIRST", "HASH_METHOD_SHA256_PEPPER_LAST"]


def put_pepper(data, name="old", content=PEPPER, mode=0o600):
    folder = pathlib.Path(data) / "peppers"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    path.unlink(missing_ok=True)
    path.touch(mode)
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def importer(server, protos, keys):
    """importer(item fields, ...) gives the results."""
    token, _ = server.create_key("importer", ["apikeys.import", "users.read"])

    def bring(*items):
        wanted = protos.key.CreateKeyRequest(name="imported", scopes=["users.read"])
        answer = keys.ImportKeys(protos.key.ImportKeysRequest(
            keys=[protos.key.ImportKey(key=wanted, **item) for item in items]), metadata=support.bearer(token))
        return list(answer.results)

    return bring


def peppered(method, token, name="old", text=bytes.hex, **more):
    return {"sha256": text(hash_of(method, token.encode())), "method": method, "pepper": name, **more}


def ask(checks, protos, token):
    answer = checks.CheckScope(protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test"))
    return protos.check.Reason.Name(answer.reason)


def test_a_key_with_a_pepper_is_unknown_at_some_door(server, protos, checks, importer):
    put_pepper(server.data)
    tokens = [f"legacy-token-{method}" for method in METHODS]
    results = importer(*(peppered(method, token) for method, token in zip(METHODS, tokens)))
    assert [result.code for result in results] == [0, 0, 0], results
    for token in tokens:
        assert ask(checks, protos, token) == "REASON_ALLOWED"
        done = server.cli("check", "--env", "test", "--scope", "users.read", token=token)
        assert (done.returncode, done.stdout) == (0, "allowed\n"), done.stderr
        done = support.run("check", "--env", "test", "--scope", "users.read", "--server", server.trusted_address,
                           token=token, variables={"BITTING_TRANSPORT": server.transport})
        assert (done.returncode, done.stdout) == (0, "allowed\n"), done.stderr
    assert ask(checks, protos, "legacy-token-of-nobody") == "REASON_UNKNOWN_KEY"
    # In base64, of what follows a prefix, and with the whole pepper in another form; a fifth scheme is none.
    put_pepper(server.data, "same", b"hex:" + PEPPER.hex().encode() + b"\n")
    item = peppered(METHODS[0], "rest-1", "same", lambda raw: base64.b64encode(raw).decode(), prefix="sk_",
                    without_prefix=True)
    assert [result.code for result in importer(item)] == [0]
    assert ask(checks, protos, "sk_rest-1") == "REASON_ALLOWED"
    assert ask(checks, protos, "rest-1") == "REASON_MALFORMED_TOKEN"
    assert ask(checks, protos, "rest-1-of-8") == "REASON_UNKNOWN_KEY"
    assert [result.code for result in importer(peppered(METHODS[0], "more", prefix="pk_"))] == [8]
    # By its token a key is found in the same way, and is in the store once.
    (result,) = importer({"token": tokens[0]})
    assert result.code == 6


def test_an_item_that_cannot_be_takes_others_with_it(importer):
    digest = hashlib.sha256(b"legacy-bad-1").hexdigest()
    bad = [({"sha256": digest, "method": 9}, "method: 9 is not a value; 0 to 4 are"),
           ({"sha256": digest, "method": -1}, "method: -1 is not a value"),
           ({"token": "legacy-bad-1", "sha256": digest}, "token, sha256: only one may be set"),
           ({}, "token, sha256: one of them must be set")]
    results = importer({"token": "legacy-good-1"}, *(item for item, _ in bad), {"token": "legacy-good-2"})
    assert [result.code for result in results] == [0, 3, 3, 3, 3, 0], results
    for result, (_, said) in zip(results[1:], bad):
        assert result.message.startswith(said)


def test_no_pepper_is_in_the_store_or_the_log(server, protos, checks, importer):
    put_pepper(server.data)
    assert [result.code for result in importer(peppered(METHODS[0], "legacy-token-1"))] == [0]
    ask(checks, protos, "legacy-token-1")
    (result,) = importer(peppered(METHODS[1], "legacy-token-1", "missing"))
    assert result.code == 9
    assert str(server.data / "peppers" / "missing") in result.message
    for path in server.data.iterdir():
        if stat.S_ISREG(path.lstat().st_mode):
            assert PEPPER not in path.read_bytes(), path
    assert PEPPER.decode() not in server.log() + result.message


def test_a_pepper_that_is_gone_makes_keys_unknown(server, protos, checks, importer):
    path = put_pepper(server.data)
    own, _ = server.create_key("own", ["users.read"])
    assert [result.code for result in importer(peppered(METHODS[0], "legacy-token-1"))] == [0]
    server.stop()
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(AssertionError, match="serve ended with 1") as failed:
        server.start()
    assert f"environment test: pepper {path}: no such file" in str(failed.value)
    server.process = None
    # The command line decides nothing on such a token, and on others as ever.
    done = server.cli("check", "--env", "test", "--scope", "users.read", token="legacy-token-1")
    assert done.returncode == 2 and "pepper" in done.stderr, done
    done = server.cli("check", "--env", "test", "--scope", "users.read", token=own)
    assert done.returncode == 0, done
    for mode, content, word in ((0o600, b"another", "is another than"), (0o644, PEPPER, "others could read")):
        put_pepper(server.data, content=content, mode=mode)
        with pytest.raises(AssertionError, match=word):
            server.start()
        server.process = None
    put_pepper(server.data)
    server.start()
    assert ask(protos.check_grpc.CheckServiceStub(server.trusted()), protos, "legacy-token-1") == "REASON_ALLOWED"


def lines(*objects):
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in objects)


def test_the_command_brings_other_keys_than_its_lines_say(server, protos, checks):
    put_pepper(server.data)
    good = {"name": "imported", "scopes": ["users.read"]}
    given = lines(
        {"token": "legacy-token-1", **good},
        "",
        {"sha256": hash_of(METHODS[0], b"legacy-token-2").hex(), "method": "hmac-sha256", "pepper": "old", **good},
        {"sha256": base64.b64encode(hash_of("HASH_METHOD_SHA256", b"rest-of-3")).decode(), "prefix": "sk_",
         "without_prefix": True, "name": "ours", "kind": "org", "org_id": "o_1", "user_id": "u_1",
         "preset": "read_and_validate", "expires_in": "90d", "not_before": "2020-01-01T00:00:00Z",
         "metadata": '{"plan": "old"}', "labels": {"team": "a"}, "selectors": ["project:42"],
         "networks": ["192.0.2.0/24"]})
    done = server.cli("key", "import", "--env", "test", token=given)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "Imported 3 of 3 keys.\n"
    ids = dict(line.split("\t") for line in done.stdout.splitlines())
    assert list(ids) == ["1", "3", "4"]
    for token in ("legacy-token-1", "legacy-token-2"):
        assert ask(checks, protos, token) == "REASON_ALLOWED"
    assert ask(checks, protos, "sk_rest-of-3") == "REASON_ADDRESS_NOT_ALLOWED"
    key = json.loads(server.cli("key", "show", ids["4"], "--json").stdout)
    assert (key["name"], key["kind"], key["org_id"], key["user_id"], key["preset"], key["metadata"]) == (
        "ours", "KEY_KIND_ORG", "o_1", "u_1", "read_and_validate", '{"plan": "old"}')
    assert (key["labels"], key["selectors"], key["networks"]) == ({"team": "a"}, ["project:42"], ["192.0.2.0/24"])
    assert key["expires_at"] and key["not_before"] == "2020-01-01T00:00:00.000Z"


BAD_LINES = [
    ("{", "is not one object of JSON"),
    ("[]", "is not one object of JSON"),
    ("legacy-secret-1", "is not one object of JSON"),
    ('{"name": "legacy-secret-1', "is not one object of JSON"),
    ({"legacy-secret-1": 1, "token": "legacy-token-1", "name": "x"}, "has a field that is none"),
    ({"token": ["legacy-secret-1"], "name": "x"}, "token: must be a string"),
    ({"token": "legacy secret", "name": "x"}, "token: must be"),
    ({"token": "legacy-token-1"}, "name: must"),
    ({"name": "x"}, "token, sha256: one of them"),
    ({"sha256": "legacy-secret-1", "name": "x"}, "sha256: must be"),
    ({"sha256": "0" * 64, "method": "md5", "name": "x"}, "method: must be"),
    ({"sha256": "0" * 64, "method": "hmac-sha256", "name": "x"}, "pepper: must be"),
    ({"sha256": "0" * 64, "method": "hmac-sha256", "pepper": "none", "name": "x"}, "peppers/none: no such file"),
    ({"token": "legacy-token-1", "name": "x", "scopes": "users.read"}, "scopes: must be a list"),
    ({"token": "legacy-token-1", "name": "x", "scopes": ["users.raed"]}, "users.raed"),
    ({"token": "legacy-token-1", "name": "x", "kind": "king"}, "kind: must be"),
    ({"token": "legacy-token-1", "name": "x", "expires_in": 90}, "expires_in: must be"),
    ({"token": "legacy-token-1", "name": "x", "expires_at": "tomorrow"}, "expires_at: must be"),
    ({"token": "legacy-token-1", "name": "x", "expires_in": "90d", "not_before": "9000-01-01T00:00:00Z"},
     "not_before: the key would never be good"),
    ({"token": "legacy-token-1", "name": "x", "labels": ["a"]}, "labels: must be"),
    ({"token": "legacy-token-1", "name": "x", "without_prefix": 1}, "without_prefix: must be"),
    ({"token": "legacy-token-1", "name": "x" * 70000}, "has more than 65536 bytes"),
    ('{"token": "legacy-token-1", "token": "legacy-token-2", "name": "x"}', "is not one object of JSON"),
]


def test_a_bad_line_takes_others_with_it_or_shows_a_secret(server, protos, checks):
    good = [{"token": f"legacy-good-{number}", "name": "good", "scopes": ["users.read"]} for number in range(1200)]
    given = lines(*good[:900], *(line for line, _ in BAD_LINES), *good[900:])
    done = server.cli("key", "import", "--env", "test", "--json", token=given)
    assert done.returncode == 1
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["line"] for result in results] == list(range(1, len(results) + 1))
    failed = [result for result in results if "error" in result]
    assert [result["line"] for result in failed] == list(range(901, 901 + len(BAD_LINES)))
    for result, (_, said) in zip(failed, BAD_LINES):
        assert said in result["error"], result
    assert f"Imported 1200 of {1200 + len(BAD_LINES)} keys." in done.stderr
    assert "legacy-" not in done.stdout + done.stderr
    for number in (0, 899, 900, 1199):
        assert ask(checks, protos, f"legacy-good-{number}") == "REASON_ALLOWED"
    again = server.cli("key", "import", "--env", "test", token=lines(good[0], BAD_LINES[0][0]))
    assert again.returncode == 1 and again.stdout == ""
    assert re.search("line 1: token: this key has been imported.*\nbitting: line 2: is not one", again.stderr)


def test_the_command_takes_what_it_cannot_read(server, tmp_path):
    done = server.cli("key", "import", token="")
    assert done.returncode == 2 and "--env is needed" in done.stderr
    done = server.cli("key", "import", "--env", "tset", token="")
    assert done.returncode == 1 and "there is no" in done.stderr
    done = server.cli("key", "import", "--env", "test", "--file", tmp_path / "none")
    assert done.returncode == 1 and "none: No such file" in done.stderr
    done = server.cli("key", "import", "--env", "test", "--file", tmp_path)
    assert done.returncode == 1 and "line 1: cannot be read" in done.stderr
    (tmp_path / "keys.jsonl").write_text('{"token": "legacy-token-1", "name": "without a newline"}')
    done = server.cli("key", "import", "--env", "test", "--file", tmp_path / "keys.jsonl")
    assert (done.returncode, done.stderr) == (0, "Imported 1 of 1 keys.\n")

def test_a_pepper_comes_too_late_for_a_running_server(server, protos, checks, tmp_path):
    """Another process imports; the server has the file's name from the store, and finds it when it comes."""
    other = tmp_path / "credentials"
    other.mkdir()
    (other / "bitting-pepper.old").write_bytes(PEPPER)
    (other / "bitting-pepper.old").chmod(0o600)
    line = ('{"sha256": "%s", "method": "hmac-sha256", "pepper": "old", "name": "imported", "scopes": ["users.read"]}\n'
            % hash_of(METHODS[0], b"legacy-token-1").hex())
    done = server.cli("key", "import", "--env", "test", token=line, variables={"CREDENTIALS_DIRECTORY": str(other)})
    assert done.returncode == 0, done.stderr
    with pytest.raises(grpc.RpcError) as failed:
        ask(checks, protos, "legacy-token-1")
    assert failed.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    own, _ = server.create_key("own", ["users.read"])
    assert ask(checks, protos, own) == "REASON_ALLOWED"
    batch = protos.check.BatchCheckScopeRequest(checks=[
        protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test")
        for token in (own, "legacy-token-1", own)])
    results = checks.BatchCheckScope(batch).results
    assert [result.allowed for result in results] == [True, False, True]
    assert (results[1].reason, results[1].code) == (0, grpc.StatusCode.FAILED_PRECONDITION.value[0])
    assert "pepper cannot be read" in results[1].message
    put_pepper(server.data)
    server.create_key("any change of the store")
    assert ask(checks, protos, "legacy-token-1") == "REASON_ALLOWED"


def test_an_environment_that_is_added_makes_imported_keys_unknown(server, importer, checks, protos):
    token = "acme_key-0001"
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert importer({"sha256": digest, "prefix": "acme_key-"})[0].key_id
    for prefix in ("acme", "acme_key"):
        done = server.cli("env", "add", "later", "--prefix", prefix)
        assert done.returncode == 1 and 'into test begin with "acme_key-"' in done.stderr
    assert server.cli("env", "add", "later", "--prefix", "acme_live").returncode == 0
    assert ask(checks, protos, token) == "REASON_ALLOWED"


def test_a_lost_pepper_ends_the_service_for_ever(server, protos, checks, importer):
    path = put_pepper(server.data)
    items = [peppered(METHODS[0], "legacy-token-1"), {"token": "legacy-token-2"}]
    assert [result.code for result in importer(*items)] == [0, 0]
    server.stop()
    path.unlink()
    with pytest.raises(AssertionError, match="bitting env set test --forget-pepper old"):
        server.start()
    server.process = None
    done = server.cli("env", "set", "test", "--forget-pepper", "odl")
    assert done.returncode == 1 and 'no keys of test were imported with a pepper "odl"' in done.stderr
    done = server.cli("env", "set", "test", "--forget-pepper", "old")
    assert done.returncode == 0 and "hmac-sha256, pepper old, forgotten" in done.stderr
    server.start()
    again = protos.check_grpc.CheckServiceStub(server.trusted())
    assert ask(again, protos, "legacy-token-1") == "REASON_UNKNOWN_KEY"
    assert ask(again, protos, "legacy-token-2") == "REASON_ALLOWED"
    # Its name cannot come back in this environment, so that nobody's keys are good again by chance.
    put_pepper(server.data)
    line = lines({"sha256": "0" * 64, "method": "hmac-sha256", "pepper": "old", "name": "x"})
    done = server.cli("key", "import", "--env", "test", token=line)
    assert done.returncode == 1 and "pepper old: was forgotten" in done.stderr
    environments = json.loads(server.cli("env", "list", "--json").stdout)["environments"]
    assert environments[0]["imported"] == [
        {"method": "hmac-sha256", "pepper": "old", "prefix": "", "without_prefix": False, "forgotten": True},
        {"method": "sha256", "pepper": "", "prefix": "", "without_prefix": False, "forgotten": False}]


def test_a_key_whose_pepper_was_forgotten_is_listed_as_good(server, protos, checks, importer):
    put_pepper(server.data)
    items = [peppered(METHODS[0], "legacy-token-1"), {"token": "legacy-token-2"}, peppered(METHODS[1], "legacy-token-3")]
    lost, kept, revoked = [result.key_id for result in importer(*items)]
    assert server.cli("key", "revoke", revoked).returncode == 0
    assert server.cli("key", "update", lost, "--name", "renamed").returncode == 0

    def listed(*filters):
        done = server.cli("key", "list", *filters, "--json")
        return {key["key_id"] for key in json.loads(done.stdout)["keys"]} & {lost, kept, revoked}

    assert listed("--state", "active") == listed("--current") == {lost, kept} and not listed("--state", "lost")
    assert server.cli("env", "set", "test", "--forget-pepper", "old").returncode == 0
    assert listed("--state", "lost") == {lost}
    assert listed("--state", "active") == listed("--current") == {kept}
    assert listed("--state", "revoked") == {revoked} and listed("--archived") == {lost, revoked}
    assert re.search(r"^state +lost$", server.cli("key", "show", lost).stdout, re.MULTILINE)
    assert json.loads(server.cli("key", "show", lost, "--json").stdout)["state"] == "KEY_STATE_LOST"
    stub = protos.key_grpc.KeyServiceStub(server.guarded())
    reader = support.bearer(server.create_key("reader", ["apikeys.read"])[0])
    page = stub.ListKeys(protos.key.ListKeysRequest(state=protos.key.KEY_STATE_LOST), metadata=reader)
    assert [key.key_id for key in page.keys] == [lost]
    # What was lost is its token, and it can have a new one.
    new = server.cli("key", "rotate", lost)
    assert new.returncode == 0 and ask(checks, protos, new.stdout.strip()) == "REASON_ALLOWED"
    assert listed("--state", "lost") == {lost}
    assert server.cli("key", "revoke", lost).returncode == 0
    assert listed("--state", "revoked") == {lost, revoked}
