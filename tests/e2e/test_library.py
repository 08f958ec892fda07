"""The library, by its Python binding, beside a server that writes: both give the same answers."""
import hmac
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import threading

import grpc
import pytest

import support

LIBRARY = support.BUILD / "lib" / "libbitting.a"
TOOL = support.ROOT / "bindings" / "python" / "build-wheel"
SCOPES = ["users.read", "users.create", "orgs.read", "apikeys.validate", "users.delete"]

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="a build with sanitizers has no libbitting.a")


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Where the wheel is installed that the one command builds."""
    work = tmp_path_factory.mktemp("wheel")
    variables = {**os.environ, "PYTHON": sys.executable, "BITTING_BUILD": str(support.BUILD), "WHEELS": str(work)}
    done = subprocess.run([TOOL, "--no-build-isolation"], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = work.glob("*.whl")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check",
                    "--target", work / "site", wheel], check=True)
    return work / "site"


@pytest.fixture(scope="session")
def libbitting(site):
    sys.path.insert(0, str(site))
    import libbitting as module
    assert pathlib.Path(module.__file__).with_name("py.typed").exists()
    return module


@pytest.fixture
def opened(libbitting, server):
    with libbitting.Keys(server.data, environment="test") as keys:
        yield keys


def same(ours, theirs):
    expires = theirs.expires_at.ToMilliseconds() if theirs.HasField("expires_at") else None
    assert (ours.allowed, int(ours.reason), ours.key_id, ours.scope_mask, list(ours.missing_scopes),
            ours.revision) == (theirs.allowed, theirs.reason, theirs.key_id, theirs.scope_mask,
                               list(theirs.missing_scopes), theirs.revision)
    assert (round(ours.expires_at.timestamp() * 1000) if ours.expires_at else None) == expires


def test_answers_are_the_servers(server, checks, protos, opened):
    tokens = {
        "narrow": server.create_key("a", ["users.read"])[0],
        "wide": server.create_key("b", ["users.read", "users.create", "users.delete"], expires_in="90d")[0],
        "full": server.create_key("c", preset="full_access")[0],
        "personal": server.create_key("d", ["orgs.read"], kind="personal", user="u1")[0],
    }
    gone, key = server.create_key("e", ["users.read"])
    assert server.cli("key", "revoke", key["key_id"]).returncode == 0
    junk = ["", "junk", gone[:-1], gone[:-1] + ("a" if gone[-1] != "a" else "b"), "Bearer " + gone]
    asked = set()
    for token in [*tokens.values(), gone, *junk]:
        for scopes, match in itertools.product(itertools.combinations(SCOPES, 2), (1, 2)):
            question = protos.check.CheckScopeRequest(token=token, scopes=scopes, match=match, environment="test",
                                                      accepted_kinds=[1] if match == 2 else [])
            theirs = checks.CheckScope(question)
            ours = opened.check(token, *scopes, any=match == 2, accepted_kinds=[1] if match == 2 else [])
            same(ours, theirs)
            asked.add(ours.reason.name)
            question.requested_scopes.append("users.read")
            same(opened.check(token, *scopes, any=match == 2, requested_scopes=("users.read",),
                              accepted_kinds=[1] if match == 2 else []), checks.CheckScope(question))
    assert asked == {"ALLOWED", "MISSING_SCOPE", "REVOKED", "MALFORMED_TOKEN", "WRONG_KIND"}


def test_validate_is_the_servers(server, checks, protos, opened):
    token, _ = server.create_key("löwe", ["users.read"], kind="org", org="o1", user="u1")
    theirs = checks.Validate(protos.check.ValidateRequest(token=token, environment="test"))
    ours = opened.validate(token)
    assert ours and ours.answer.revision == theirs.revision
    key = theirs.key
    assert (ours.key.key_id, ours.key.kind, ours.key.name, ours.key.environment, ours.key.user_id, ours.key.org_id,
            ours.key.metadata, ours.key.full_access) == (key.key_id, key.kind, key.name, key.environment,
                                                         key.user_id, key.org_id, key.metadata, key.full_access)
    assert round(ours.key.created_at.timestamp() * 1000) == key.created_at.ToMilliseconds()
    assert not opened.validate("junk") and opened.validate("junk").key is None


def test_what_the_server_acknowledged_is_seen_by_the_next_check(server, keys, protos, opened):
    caller, _ = server.create_key("caller", ["apikeys.create", "apikeys.revoke", "users.read"])
    for _ in range(100):
        made = keys.CreateKey(protos.key.CreateKeyRequest(name="k", scopes=["users.read"]),
                              metadata=support.bearer(caller))
        answer = opened.check(made.token, "users.read", min_revision=made.revision)
        assert answer and answer.revision >= made.revision
        gone = keys.RevokeKey(protos.key.RevokeKeyRequest(key_id=made.key.key_id), metadata=support.bearer(caller))
        answer = opened.check(made.token, "users.read", min_revision=gone.revision)
        assert answer.reason.name == "REVOKED" and answer.revision >= gone.revision


def test_a_library_group_gets_what_it_needs_and_others_nothing(new_server):
    group = os.getgid()
    server = new_server(flags=["--library-group", group])
    modes = {name: oct((server.data / name).stat().st_mode & 0o777) for name in
             (".", "bitting.mdb", "bitting.mdb-lock", "serve.lock", "pepper")}
    assert modes == {".": "0o750", "bitting.mdb": "0o640", "bitting.mdb-lock": "0o660", "serve.lock": "0o640",
                     "pepper": "0o640"}
    assert (server.data / "pepper").stat().st_gid == group
    done = support.run("serve", "--data", server.data.parent / "other", "--library-group", "no-such-group")
    assert done.returncode == 1 and "no-such-group" in done.stderr


def test_bad_questions_are_refused_as_the_server_refuses_them(server, checks, protos, libbitting, opened):
    token, _ = server.create_key("a", ["users.read"])
    bad = [{"scopes": ["users.fly"]}, {}, {"scope_mask": 1 << 63}, {"scopes": ["users.read"], "client_ip": "x"},
           {"scopes": ["users.read"], "resource": "no colon"}]
    for fields in bad:
        with pytest.raises(grpc.RpcError) as theirs:
            checks.CheckScope(protos.check.CheckScopeRequest(token=token, environment="test", **fields))
        names = fields.pop("scopes", [])
        with pytest.raises(libbitting.InvalidQuestion) as ours:
            opened.check(token, *names, **fields)
        assert str(ours.value) == theirs.value.details()
    with pytest.raises(libbitting.Unavailable):
        opened.check(token, "users.read", min_revision=10 ** 9)
    with pytest.raises(libbitting.InvalidQuestion):
        opened.check(token, "users.read", environment="nowhere")
    with pytest.raises(libbitting.NotFound):
        libbitting.Keys(server.data / "nowhere")


def test_what_no_c_program_could_ask_is_no_surprise_of_another_kind(server, libbitting, opened):
    token, _ = server.create_key("a", ["users.read"])
    assert opened.check("\ud800" + token, "users.read").reason.name == "MALFORMED_TOKEN"
    assert opened.check(token + "\0", "users.read").reason.name == "MALFORMED_TOKEN"
    for fields in ({"resource": "project:\ud800"}, {"client_ip": "1.2.3.4\0"}, {"scope_mask": -1},
                   {"scope_mask": 1 << 64}, {"min_revision": -1}, {"requested_scopes": ("\ud800",)}):
        with pytest.raises(libbitting.InvalidQuestion, match=next(iter(fields))):
            opened.check(token, "users.read", **fields)


def test_threads_share_keys_and_close_waits_for_them(server, libbitting):
    token, _ = server.create_key("a", ["users.read"])
    keys = libbitting.Keys(server.data, environment="test")
    answers, ready = [], threading.Barrier(9)

    def ask():
        ready.wait()
        try:
            for _ in range(2000):
                answers.append(bool(keys.check(token, "users.read")))
        except libbitting.InvalidQuestion as closed:
            answers.append("closed" in str(closed))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    while len(answers) < 100:
        pass
    keys.close()
    for thread in threads:
        thread.join()
    assert all(answers)


def commands_of(page):
    """(command, lines that its output has) for each line of a block that begins with `$ `."""
    found = []
    for block in re.findall(r"^```text\n(\$ .*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def test_the_page_on_the_library_says_what_is_so(server, tmp_path, site):
    page = support.ROOT / "docs" / "library.md"
    place = tmp_path / "checkout"
    place.mkdir()
    for entry in support.ROOT.iterdir():
        if entry.name != "build":
            (place / entry.name).symlink_to(entry)
    (place / "build").mkdir()
    (place / "build" / "release").symlink_to(support.BUILD)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "bitting").symlink_to(support.BINARY)
    commands = commands_of(page)
    assert len(commands) > 15
    script = "".join(f"{command}\necho ::{number}\n" for number, (command, _) in enumerate(commands))
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=place, capture_output=True, text=True,
                          env=support.clean_environment(
                              PATH=f"{tmp_path}/bin:{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
                              DATA=str(server.data), WORK=str(tmp_path), GROUP=str(os.getgid()), PIP_NO_DEPS="1",
                              BITTING_BUILD=str(support.BUILD), PIP_NO_BUILD_ISOLATION="0"))
    assert done.returncode == 0, done.stderr
    outputs = done.stdout
    for number, (command, expected) in enumerate(commands):
        output, outputs = outputs.split(f"::{number}\n", 1)
        for line in expected:
            assert line.removesuffix("...") in output, command


def test_a_wheel_changes_how_the_build_that_is_there_was_made(tmp_path):
    (tmp_path / "bindings").mkdir()
    shutil.copytree(support.ROOT / "bindings" / "python", tmp_path / "bindings" / "python")
    (tmp_path / "build" / "release").mkdir(parents=True)
    (tmp_path / "build" / "release" / "CMakeCache.txt").touch()
    (tmp_path / "cmake").write_text('#!/bin/sh\necho "$@" >>"$CALLS"\n', encoding="utf-8")
    (tmp_path / "cmake").chmod(0o755)
    subprocess.run([tmp_path / "bindings" / "python" / "build-wheel"], check=True, capture_output=True,
                   env=support.clean_environment(PATH=f"{tmp_path}:{os.environ['PATH']}", PYTHON="true",
                                                 CALLS=str(tmp_path / "calls"), WHEELS=str(tmp_path)))
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert calls == [f"--build {tmp_path}/build/release --target libbitting_static"]


# Of a process of its own: a fork of one that runs gRPC is another matter.
FORKS = """
    import multiprocessing, os, sys, libbitting
    directory, token = sys.argv[1], sys.stdin.read()
    keys = libbitting.Keys(directory, environment="test")

    def child(number):
        try:
            keys.check(token, "users.read")
            os._exit(1)
        except libbitting.Forked:
            pass
        with libbitting.Keys(directory, environment="test") as own:
            assert all(own.check(token, "users.read") for _ in range(1000))

    assert keys.check(token, "users.read")
    children = [multiprocessing.get_context("fork").Process(target=child, args=(n,)) for n in range(8)]
    for process in children: process.start()
    for process in children: process.join()
    assert [process.exitcode for process in children] == [0] * 8
    assert keys.check(token, "users.read")
"""


def test_a_child_opens_its_own(server, site):
    token, _ = server.create_key("a", ["users.read"])
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(FORKS), str(server.data)], input=token, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr


def test_an_imported_key_with_a_pepper_is_unknown_to_the_library(server, keys, protos, libbitting):
    pepper = server.data / "peppers" / "old"
    pepper.parent.mkdir(mode=0o700)
    pepper.write_bytes(b"pepper of the other system")
    pepper.chmod(0o600)
    importer, _ = server.create_key("importer", ["apikeys.import", "users.read"])
    made = hmac.new(pepper.read_bytes(), b"legacy-token-1", "sha256").hexdigest()
    item = protos.key.ImportKey(sha256=made, method="HASH_METHOD_HMAC_SHA256", pepper="old",
                                key=protos.key.CreateKeyRequest(name="imported", scopes=["users.read"]))
    with libbitting.Keys(server.data, environment="test") as opened_before:
        answer = keys.ImportKeys(protos.key.ImportKeysRequest(keys=[item]), metadata=support.bearer(importer))
        assert answer.results[0].code == 0, answer
        assert opened_before.check("legacy-token-1", "users.read").allowed
        assert not opened_before.check("legacy-token-2", "users.read").allowed
    pepper.rename(pepper.with_name("elsewhere"))
    with pytest.raises(libbitting.PreconditionFailed, match="environment test: pepper .*/peppers/old: no such file"):
        libbitting.Keys(server.data, environment="test")
