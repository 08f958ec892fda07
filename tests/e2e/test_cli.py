"""Every command: what it prints, its exit codes, bad input, and where secrets go."""
import json
import os
import pty
import re
import select
import socket
import subprocess
import time

import pytest
from google.protobuf import json_format

import support

TOKEN = re.compile(r"bt_test_[0-9A-Za-z]{49}")
COMMANDS = re.findall(r"^  (\w+(?: \w+)?)  ", support.run("help").stdout, re.MULTILINE)


@pytest.fixture
def token(server):
    return server.create_key("pipeline", ["users.read"])[0]


def check(server, token, *words, **more):
    return server.cli("check", "--env", "test", *words, token=token, **more)


# --- help and mistakes -------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_usage_flags_and_an_example(command):
    done = support.run(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: bitting {command}")
    assert "--json" in done.stdout or command in ("serve", "scope export", "store backup")
    assert f"\n  bitting {command}" in done.stdout or command == "version"
    assert support.run("help", *command.split()).stdout == done.stdout


@pytest.mark.parametrize("words", ["key --help", "key -h", "key help", "help key"])
def test_help_on_a_group_is_a_complaint(words):
    done = support.run(*words.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "bitting key create " in done.stdout and "env" not in done.stdout


def test_help_lists_what_the_program_is_for():
    assert {"serve", "key create", "key list", "key show", "key revoke", "env list", "env add", "scope list", "check",
            "version"} <= set(COMMANDS)


@pytest.mark.parametrize("words, said", [
    ([], "Usage"),
    (["frobnicate"], 'no command "frobnicate"'),
    (["serv"], 'did you mean "serve"'),
    (["key"], "bitting key create"),
    (["key", "crate"], 'did you mean "key create"'),
    (["key", "create", "--nmae", "x"], "did you mean --name?"),
    (["key", "create", "--name", "x"], "--env is needed"),
    (["key", "create", "--env", "test"], "--name is needed"),
    (["key", "create", "--env", "test", "--name", "--json"], "--name needs a value"),
    (["key", "create", "--env", "test", "--name", "x", "--kind", "king"], "--kind is backend"),
    (["key", "create", "--env", "test", "--name", "x", "--expires-in", "90"], "--expires-in is"),
    (["key", "create", "--env", "test", "--name", "x", "--expires-in", "0d"], "--expires-in is"),
    (["key", "create", "--env", "test", "--name", "x", "--expires-in", "-1d"], "--expires-in is"),
    (["key", "create", "--env", "test", "--name", "x", "--expires-in", "9000000000w"], "--expires-in is"),
    (["key", "create", "--env", "test", "--name", "x", "--scope", "a.b", "--preset", "p"], "together"),
    (["key", "create", "--env", "test", "--name", "x", "--scope", ""], "--scope takes 1 to"),
    (["key", "create", "--env", "test", "--name", "x", "--label", "a"], "KEY=VALUE"),
    (["key", "list", "--state", "gone"], "--state is active"),
    (["key", "list", "stray"], "stray"),
    (["key", "show"], "the id of a key"),
    (["key", "revoke", "a", "b"], '"b" is too many'),
    (["env", "add"], "the name of an environment"),
    (["version", "--json=perhaps"], "--json is a switch"),
    (["serve", "--workers", "many"], "--workers"),
    (["serve", "--environment", "Prod"], "--environment is"),
    (["owner", "stop", "--user", "u"], "--env is needed"),
    (["owner", "show", "--env", "test"], "--user or --org is needed, or both"),
    (["owner", "delete", "--env", "test", "--user", "u", "--org", "o"], "cannot be given together"),
])
def test_a_wrong_call_says_what_is_wrong_and_exits_2(words, said):
    done = support.run(*words)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr


@pytest.mark.parametrize("words", [
    ["check", "--env", "test"], ["check", "--scope", "users.read", "--data", "/nowhere"], ["check", "--unknown"],
    ["check", "--env", "test", "--scope", ""], ["check", "--env", "test", "--scope", "a.b", "--match", "some"],
    ["check", "--env", "test", "--scope", "a.b", "--kind", "king"],
    ["check", "--env", "test", "--scope", "a.b", "--timeout", "soon"],
    ["check", "--server", "127.0.0.1:1", "--data", "/nowhere", "--scope", "a.b", "--env", "test"]])
def test_a_wrong_check_is_undecided(words):
    done = support.run(*words, token="x")
    assert done.returncode == 2 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("words", [["key", "list"], ["key", "show", "0" * 32], ["env", "list"], ["scope", "list"],
                                   ["key", "revoke", "0" * 32], ["env", "add", "prod"],
                                   ["key", "create", "--env", "test", "--name", "x"]])
def test_without_a_store_a_command_fails_and_makes_none(words, tmp_path):
    done = support.run(*words, "--data", tmp_path / "none")
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_check_without_a_store_is_undecided(tmp_path):
    done = support.run("check", "--env", "test", "--scope", "users.read", "--data", tmp_path / "none", token="x")
    assert done.returncode == 2 and done.stderr


def test_a_full_disk_is_no_success():
    with open("/dev/full", "w") as full:
        done = subprocess.run([support.BINARY, "version"], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=support.clean_environment())
    assert done.returncode == 1 and "standard output" in done.stderr


# --- keys --------------------------------------------------------------------------------------------------

def test_create_prints_the_token_alone_on_stdout(server):
    done = server.cli("key", "create", "--env", "test", "--name", "pipeline", "--scope", "users.read")
    assert TOKEN.fullmatch(done.stdout.rstrip("\n")) and done.stdout.count("\n") == 1
    assert not TOKEN.search(done.stderr)
    assert "pipeline" in done.stderr and "users.read" in done.stderr


def test_create_flags_high_risk(server):
    done = server.cli("key", "create", "--env", "test", "--name", "x", "--scope", "users.delete,users.read")
    assert re.search(r"^high risk +users\.delete$", done.stderr, re.MULTILINE)


def test_json_of_a_key_is_the_protocol_s(server, protos):
    made = json.loads(server.cli(
        "key", "create", "--env", "test", "--name", "Ada's", "--kind", "personal", "--user", "u_1", "--scope",
        "users.read,users.delete", "--expires-in", "90d", "--metadata", '{"a": 1}', "--label", "team=blue,x=",
        "--json").stdout)
    answer = json_format.ParseDict(made, protos.key.CreateKeyResponse())
    key = answer.key
    assert TOKEN.fullmatch(answer.token) and answer.revision > 0
    assert (key.name, key.environment, key.user_id) == ("Ada's", "test", "u_1")
    assert key.kind == protos.key.KEY_KIND_PERSONAL and key.state == protos.key.KEY_STATE_ACTIVE
    assert list(key.scopes) == ["users.read", "users.delete"] and key.scope_mask == 1 | 1 << 12
    assert list(key.high_risk_scopes) == ["users.delete"]
    assert dict(key.labels) == {"team": "blue", "x": ""} and key.metadata == '{"a": 1}'
    life = key.expires_at.ToMilliseconds() - key.created_at.ToMilliseconds()
    assert abs(life - 90 * 86400 * 1000) < 60000
    shown = json.loads(server.cli("key", "show", key.key_id, "--json").stdout)
    assert json_format.ParseDict(shown, protos.key.Key()) == key
    listed = json.loads(server.cli("key", "list", "--json").stdout)
    assert [json_format.ParseDict(item, protos.key.Key()) for item in listed["keys"]] == [key]


def test_list_filters(server):
    _, a = server.create_key("a", kind="backend")
    _, b = server.create_key("b", kind="personal", user="u_1")
    _, c = server.create_key("c", kind="org", org="o_1", user="u_1")
    server.cli("key", "revoke", a["key_id"])

    def names(*words):
        return [key["name"] for key in json.loads(server.cli("key", "list", *words, "--json").stdout)["keys"]]

    assert names() == ["a", "b", "c"]
    assert names("--kind", "org") == ["c"]
    assert names("--org", "o_1") == ["c"]
    assert "b" in names("--user", "u_1") and "a" not in names("--user", "u_1")
    assert names("--state", "revoked") == ["a"]
    assert names("--state", "active") == ["b", "c"]
    assert names("--name-prefix", "b") == ["b"]
    assert names("--env", "test") == ["a", "b", "c"]
    rows = server.cli("key", "list").stdout.splitlines()
    assert len(rows) == 4 and rows[0].startswith("KEY ID") and rows[2].split()[0] == b["key_id"]
    assert server.cli("key", "list", "--env", "nowhere").returncode == 1
    assert c["org_id"] == "o_1"


def test_show_and_revoke_say_no_to_what_is_no_key(server):
    for word in ["show", "revoke"]:
        assert server.cli("key", word, "0" * 32).returncode == 1
        assert server.cli("key", word, "junk").returncode == 1
        assert server.cli("key", word, "").returncode == 1


def test_revoke_denies_the_next_check_and_can_be_said_twice(server, token):
    key_id = json.loads(server.cli("key", "list", "--json").stdout)["keys"][0]["key_id"]
    assert check(server, token, "--scope", "users.read").returncode == 0
    first = json.loads(server.cli("key", "revoke", key_id, "--reason", "found in a log", "--json").stdout)
    assert int(first["revision"]) > 0
    done = check(server, token, "--scope", "users.read")
    assert (done.returncode, done.stdout) == (1, "denied REVOKED\n")
    assert server.cli("key", "revoke", key_id).returncode == 0
    shown = json.loads(server.cli("key", "show", key_id, "--json").stdout)
    assert (shown["state"], shown["revoke_reason"]) == ("KEY_STATE_REVOKED", "found in a log")


@pytest.mark.parametrize("flags, said", [
    (["--name", "x", "--not-before", "9000-01-01T00:00:00Z", "--expires-in", "90d"],
     "not_before: the key would never be good"),
    (["--name", ""], "name"), (["--name", "a\nb"], "name"), (["--name", "x" * 201], "name"),
    (["--name", "x", "--scope", "users.fly"], "users.fly"), (["--name", "x", "--preset", "none"], "preset"),
    (["--name", "x", "--kind", "personal"], "user_id"), (["--name", "x", "--kind", "org"], "org_id"),
    (["--name", "x", "--user", "u"], "user_id"), (["--name", "x", "--metadata", "[1]"], "metadata"),
    (["--name", "x", "--metadata", "{"], "metadata"), (["--name", "x", "--label", "a b=c"], "label")])
def test_create_refuses_and_names_the_field(server, flags, said):
    done = server.cli("key", "create", "--env", "test", *flags)
    assert done.returncode == 1 and done.stdout == "" and said in done.stderr
    assert json.loads(server.cli("key", "list", "--json").stdout)["keys"] == []


# --- environments and scopes -------------------------------------------------------------------------------

def test_environments(server):
    assert server.cli("env", "add", "prod", "--prefix", "acme_live").returncode == 0
    added = json.loads(server.cli("env", "add", "staging", "--json").stdout)
    assert (added["name"], added["prefix"]) == ("staging", "bt_staging")
    listed = json.loads(server.cli("env", "list", "--json").stdout)["environments"]
    assert [(each["name"], each["prefix"]) for each in listed] == [
        ("test", "bt_test"), ("prod", "acme_live"), ("staging", "bt_staging")]
    assert "acme_live_" in server.cli("env", "list").stdout
    made, _ = server.create_key("live", ["users.read"], env="prod")
    assert made.startswith("acme_live_")
    done = check(server, made, "--scope", "users.read")
    assert done.stdout == "denied UNKNOWN_KEY\n"
    assert server.cli("check", "--env", "prod", "--scope", "users.read", token=made).returncode == 0


@pytest.mark.parametrize("words", [["test"], ["Prod"], ["1a"], [""], ["a" * 17], ["a-b"], ["new", "--prefix", "bt_test"],
                                   ["new", "--prefix", "Caps"], ["new", "--prefix", "end_"],
                                   ["new", "--prefix", "p" * 49]])
def test_environments_that_are_refused(server, words):
    before = server.cli("env", "list").stdout
    done = server.cli("env", "add", *words)
    assert done.returncode == 1 and done.stderr
    assert server.cli("env", "list").stdout == before


def test_scopes_are_listed_by_category_with_what_a_key_holds(server):
    listed = json.loads(server.cli("scope", "list", "--json").stdout)
    assert [(category["name"], category["total"]) for category in listed["categories"]] == [
        ("users", 13), ("orgs", 15), ("auth", 7), ("sso", 7), ("apikeys", 7), ("misc", 3)]
    risky = {scope["bit"] for category in listed["categories"] for scope in category["scopes"] if scope["high_risk"]}
    assert risky == {3, 4, 5, 7, 11, 12, 20, 22, 25, 30, 33, 34, 37, 38, 41, 43, 44, 45, 49, 53}
    _, key = server.create_key("x", ["users.read", "users.create", "orgs.read"])
    held = json.loads(server.cli("scope", "list", "--key", key["key_id"], "--json").stdout)
    assert [category["selected"] for category in held["categories"]] == [2, 1, 0, 0, 0, 0]
    table = server.cli("scope", "list", "--key", key["key_id"]).stdout
    assert re.search(r"^users: Users, 2/13 scopes$", table, re.MULTILINE)
    assert re.search(r"^  \*   0  users\.read", table, re.MULTILINE)
    assert re.search(r"^   ! 12  users\.delete", table, re.MULTILINE)


# --- check -------------------------------------------------------------------------------------------------

def test_check_answers_with_its_exit_code(server, token):
    allowed = check(server, token, "--scope", "users.read")
    assert (allowed.returncode, allowed.stdout) == (0, "allowed\n")
    denied = check(server, token, "--scope", "users.read,users.create")
    assert (denied.returncode, denied.stdout) == (1, "denied MISSING_SCOPE users.create\n")
    one = check(server, token, "--scope", "users.read,users.create", "--match", "any")
    assert one.returncode == 0
    other_kind = check(server, token, "--scope", "users.read", "--kind", "personal,org")
    assert (other_kind.returncode, other_kind.stdout) == (1, "denied WRONG_KIND\n")
    for nonsense in ["junk", token[:-1], token + "x", "bt_test_" + "0" * 49, "x" * 8000]:
        done = check(server, nonsense, "--scope", "users.read")
        assert (done.returncode, done.stdout) == (1, "denied MALFORMED_TOKEN\n")


def test_check_does_not_decide_what_cannot_be_asked(server, token):
    for words in [["--scope", "users.fly"], ["--scope", "users"]]:
        done = check(server, token, *words)
        assert done.returncode == 2 and done.stdout == "" and done.stderr
    assert server.cli("check", "--env", "nowhere", "--scope", "users.read", token=token).returncode == 2
    for nothing in ["", "\n"]:
        done = check(server, nothing, "--scope", "users.read")
        assert done.returncode == 2 and "no token" in done.stderr
    done = check(server, "x" * 9000, "--scope", "users.read")
    assert done.returncode == 2 and "longer" in done.stderr


def test_check_takes_the_token_from_the_variable_and_as_bearer(server, token):
    assert check(server, None, "--scope", "users.read", variables={"BITTING_TOKEN": token}).returncode == 0
    assert check(server, f"Bearer {token}\n", "--scope", "users.read").returncode == 0
    assert check(server, f"{token}\r\n", "--scope", "users.read").returncode == 0


def read_terminal(terminal, wanted):
    """Up to what is wanted, or up to the end where that is None."""
    shown = b""
    while wanted is None or wanted not in shown:
        assert select.select([terminal], [], [], 10 * support.SLOW)[0], f"nothing more than {shown}"
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # how Linux says that the other side has closed
            piece = b""
        if not piece:
            return shown
        shown += piece
    return shown


def test_check_asks_a_terminal_without_showing_the_token(server, token):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(support.BINARY, ["bitting", "check", "--env", "test", "--scope", "users.read", "--data",
                                   str(server.data)], support.clean_environment())
    shown = read_terminal(terminal, b"Token: ")
    os.write(terminal, token.encode() + b"\n")
    shown += read_terminal(terminal, None)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert token.encode() not in shown and b"allowed" in shown


def test_check_json_is_the_protocol_s(server, token, protos):
    done = check(server, token, "--scope", "users.create,users.read", "--json")
    fields = json.loads(done.stdout)
    answer = json_format.ParseDict(fields, protos.check.CheckScopeResponse())
    fields_of_a_batch = {"code", "message"}
    wanted = {field.name for field in answer.DESCRIPTOR.fields} - {"expires_at"} - fields_of_a_batch
    assert fields.keys() == wanted and answer.missing_mask == 2 and answer.denied_by == protos.check.LAYER_KEY
    asked = support.run("check", "--env", "test", "--scope", "users.create,users.read", "--json", "--server",
                        server.trusted_address, token=token)
    assert json.loads(asked.stdout) == fields
    assert done.returncode == 1 and not answer.allowed
    assert answer.reason == protos.check.REASON_MISSING_SCOPE
    assert list(answer.missing_scopes) == ["users.create"] and answer.scope_mask == 1 and answer.key_id


def test_flags_are_mirrored_by_variables(server, token):
    variables = {"BITTING_DATA": str(server.data), "BITTING_ENV": "test", "BITTING_SCOPE": "users.read,orgs.read",
                 "BITTING_MATCH": "any", "BITTING_JSON": "1"}
    done = support.run("check", token=token, variables=variables)
    assert json.loads(done.stdout)["allowed"] is True
    assert support.run("check", "--match", "all", token=token, variables=variables).returncode == 1
    wrong = support.run("check", token=token, variables={**variables, "BITTING_MATCH": "some"})
    assert wrong.returncode == 2 and 'not "some"\nGiven as variables: BITTING_SCOPE, ' in wrong.stderr
    assert "variables" not in support.run("check", "--match", "some", "--scope", "users.read", token=token).stderr


# --- where secrets go --------------------------------------------------------------------------------------

def test_a_token_in_an_argument_is_refused_and_not_repeated(server, token):
    for words in [["check", "--env", "test", "--scope", "users.read", token], ["check", f"--scope={token}"],
                  ["key", "revoke", token], ["frobnicate", f"Bearer {token}"]]:
        done = support.run(*words)
        assert done.returncode == 2 and "argument" in done.stderr
        assert token not in done.stderr + done.stdout


def test_no_token_reaches_the_store_or_the_log(server, protos):
    tokens = [server.create_key(f"key {i}", ["users.read"])[0] for i in range(8)]
    checks = protos.check_grpc.CheckServiceStub(server.trusted())
    for token in tokens:
        assert check(server, token, "--scope", "users.read").returncode == 0
        assert checks.CheckScope(protos.check.CheckScopeRequest(
            token=token, scopes=["users.read"], environment="test")).allowed
        check(server, token, "--scope", "users.nothing")
    server.stop()
    files = [path for path in server.data.rglob("*") if path.is_file()] + [server.log_file]
    assert len(files) >= 3
    for path in files:
        content = path.read_bytes()
        for token in tokens:
            body = token.removeprefix("bt_test_").encode()
            assert body not in content and body[:24] not in content, f"{path} holds a token"


def test_the_program_leaves_no_core_and_cannot_be_traced(server):
    """The kernel gives what is in /proc of such a process to root, whoever runs it."""
    limits = open(f"/proc/{server.process.pid}/limits").read()
    assert re.search(r"Max core file size +0 +0", limits)
    nobody = 65534
    other = {"user": nobody, "group": nobody, "extra_groups": []} if os.getuid() == 0 else {}
    try:
        process = subprocess.Popen([support.BINARY, "check", "--env", "test", "--scope", "users.read"],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=support.clean_environment(),
                                   cwd="/", **other)
    except PermissionError:
        pytest.skip("user nobody cannot run the program where it was built")
    deadline = time.monotonic() + 10 * support.SLOW
    while os.stat(f"/proc/{process.pid}/environ").st_uid != 0:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.stdin.close()
    assert process.wait(10 * support.SLOW) == 2


# --- check, asked of a server ------------------------------------------------------------------------------

def test_check_asks_a_guarded_server_with_the_caller_s_key(server, token):
    gateway, _ = server.create_key("gateway", preset="validation_only")
    weak, _ = server.create_key("weak", ["users.read"])

    def ask(*words, caller=gateway, presented=token):
        return support.run("check", "--server", server.guarded_address, "--scope", "users.read", *words,
                           token=presented, variables={"BITTING_CREDENTIAL": caller} if caller else {})

    assert (ask().returncode, ask().stdout) == (0, "allowed\n")
    assert ask("--env", "test").returncode == 0
    denied = ask("--scope", "users.create")
    assert (denied.returncode, denied.stdout) == (1, "denied MISSING_SCOPE users.create\n")
    assert ask(presented="junk").stdout == "denied MALFORMED_TOKEN\n"
    assert json.loads(ask("--json").stdout)["reason"] == "REASON_ALLOWED"
    for undecided, said in [(ask("--env", "prod"), "environment"), (ask("--scope", "users.fly"), "users.fly"),
                            (ask(caller=None), ""), (ask(caller="junk"), ""),
                            (ask(caller=weak), "apikeys.validate")]:
        assert undecided.returncode == 2 and undecided.stdout == "" and said in undecided.stderr
        assert gateway not in undecided.stderr and token not in undecided.stderr


def test_check_asks_a_trusted_server_without_a_key(server, token):
    words = ["check", "--server", server.trusted_address, "--scope", "users.read"]
    assert support.run(*words, "--env", "test", token=token).returncode == 0
    assert support.run(*words, token=token).returncode == 2


def test_check_and_the_store_say_the_same(server, token):
    for words in [["--scope", "users.read"], ["--scope", "users.create,users.read"], ["--match", "any", "--scope",
                  "users.create,users.read"], ["--scope", "users.read", "--kind", "org"]]:
        there = support.run("check", "--server", server.trusted_address, "--env", "test", "--json", *words, token=token)
        here = check(server, token, "--json", *words)
        assert (there.returncode, there.stdout) == (here.returncode, here.stdout)


def test_a_server_that_is_not_there_decides_nothing(token):
    done = support.run("check", "--server", "127.0.0.1:1", "--env", "test", "--scope", "users.read", token=token)
    assert done.returncode == 2 and done.stdout == "" and "127.0.0.1:1" in done.stderr
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    done = support.run("check", "--server", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1s", "--env", "test",
                       "--scope", "users.read", token=token)
    assert done.returncode == 2 and done.stdout == ""
    silent.close()


@pytest.mark.parametrize("address", ["192.0.2.1:9494", "keys.example:9494", "[2001:db8::1]:9494"])
def test_no_token_goes_to_another_machine_in_the_clear(address):
    done = support.run("check", "--server", address, "--env", "test", "--scope", "users.read", token="secret")
    assert done.returncode == 2 and "in the clear" in done.stderr


def test_by_default_the_server_of_the_directory_is_asked_or_else_its_store(tmp_path):
    server = support.Server(tmp_path / "bitting", unix=True, flags=["--environment", "test"]).start()
    token, key = server.create_key("a", ["users.read"])

    def ask():
        return support.run("check", "--env", "test", "--scope", "users.read", token=token,
                           variables={"XDG_STATE_HOME": str(tmp_path)})

    assert ask().returncode == 0
    os.chmod(server.data / "pepper", 0o644)  # the store is refused now; the server has read it
    assert ask().returncode == 0
    server.stop()
    assert ask().returncode == 2
    os.chmod(server.data / "pepper", 0o600)
    assert ask().returncode == 0


def test_a_found_token_cannot_be_revoked_without_its_id(server):
    token, key = server.create_key(scopes=["users.read"])
    assert "--by-token" in support.run("key", "revoke", token).stderr
    assert server.cli("key", "revoke").returncode == 2
    assert server.cli("key", "revoke", key["key_id"], "--by-token", token=token).returncode == 2
    assert server.cli("key", "revoke", "--by-token").returncode == 2
    missed = server.cli("key", "revoke", "--by-token", token=token.replace("bt_test", "bt_prod"))
    assert missed.returncode == 1 and token not in missed.stderr
    assert missed.stderr == "bitting: token: it is that of no key in this store\n"
    done = server.cli("key", "revoke", "--by-token", "--reason", "found", "--json", token=f"Bearer {token}\n")
    assert done.returncode == 0 and json.loads(done.stdout)["key_id"] == key["key_id"], done
    assert "denied REVOKED" in server.cli("check", "--env", "test", "--scope", "users.read", token=token).stdout


def test_a_listing_that_cannot_be_begins_all_the_same(server):
    for words in (["--env", "nope"], ["--scope", "no.such"], ["--env", "nope", "--json"]):
        done = server.cli("key", "list", *words)
        assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("bitting: ")


def test_an_owner_s_state_is_not_what_the_protocol_calls_it(server):
    def state():
        return json.loads(server.cli("owner", "show", "--env", "test", "--user", "u1", "--json").stdout)

    assert state() == {"state": "OWNER_STATE_ACTIVE"}
    assert server.cli("owner", "stop", "--env", "test", "--user", "u1").returncode == 0
    assert state()["state"] == "OWNER_STATE_BLOCKED" and state()["since"].endswith("Z")
