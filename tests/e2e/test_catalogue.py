"""The catalogue as a file: what a change of it does to a running server, and what is refused."""
import json
import subprocess
import threading

import grpc
import pytest

import support

EXAMPLE = support.ROOT / "deploy" / "catalogue" / "example.yaml"
OWN = """
categories:
  billing:
    bits: 0-15
    scopes:
      read: {%s}
      pay: {%s}
%s
"""


def own(read="", pay="", rest=""):
    return OWN % (read, pay, rest)


def apply(server, text, *words, command="apply", code=0):
    """`bitting scope apply -`, or diff; what it printed."""
    done = server.cli("scope", command, "-", *words, token=text)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout + done.stderr


@pytest.fixture
def scopes(server, protos):
    return protos.scope_grpc.ScopeServiceStub(server.guarded())


@pytest.fixture
def root(server):
    return support.bearer(server.create_key("root", preset="full_access")[0])


@pytest.fixture
def may(checks, protos):
    """may(token, "billing.read") is the reason, over gRPC."""
    def ask(token, *names):
        question = protos.check.CheckScopeRequest(token=token, scopes=names, environment="test")
        return protos.check.Reason.Name(checks.CheckScope(question).reason)
    return ask


def listed(scopes, protos, root, **fields):
    answer = scopes.ListScopes(protos.scope.ListScopesRequest(**fields), metadata=root)
    return answer, {category.name: category for category in answer.categories}


def test_a_running_server_sees_a_catalogue_at_the_next_question(server, scopes, protos, root, may):
    before, categories = listed(scopes, protos, root)
    assert (before.generation, before.total, "users" in categories) == (1, 52, True)
    said = apply(server, own(), "--json")
    assert said["applied"] and said["generation"] == "2"
    after, categories = listed(scopes, protos, root, min_revision=int(said["revision"]))
    assert (after.generation, after.total, sorted(categories)) == (2, 9, ["apikeys", "billing"])
    token, key = server.create_key("pipeline", ["billing.read"])
    assert may(token, "billing.read") == "REASON_ALLOWED"
    assert may(token, "billing.pay") == "REASON_MISSING_SCOPE"
    _, categories = listed(scopes, protos, root, key_id=key["key_id"])
    assert (categories["billing"].selected, categories["billing"].total) == (1, 2)


def test_a_retired_scope_is_denied_at_once_and_comes_back_on_demand_alone(server, may):
    apply(server, own())
    token, _ = server.create_key("pipeline", ["billing.read", "billing.pay"])
    full, _ = server.create_key("full", preset="full_access")
    for _ in range(10):
        apply(server, own(pay="retired: true"))
        assert may(token, "billing.pay") == may(full, "billing.pay") == "REASON_MISSING_SCOPE"
        assert may(token, "billing.read") == "REASON_ALLOWED"
        local = server.cli("check", "--env", "test", "--scope", "billing.pay", token=token)
        assert (local.returncode, local.stdout) == (1, "denied MISSING_SCOPE billing.pay\n")
        said = apply(server, own(), code=1)
        assert "line 7, column 7: `billing.pay` is retired" in said
        apply(server, own(pay="retired: false"))
        assert may(token, "billing.pay") == may(full, "billing.pay") == "REASON_ALLOWED"


def test_a_renamed_scope_keeps_its_keys_and_answers_to_both_names(server, may):
    apply(server, own())
    token, _ = server.create_key("pipeline", ["billing.read"])
    renamed = own().replace("read: {", "view: {renamed_from: read")
    said = apply(server, renamed, "--json")
    assert said["changes"] == [{"type": "scope", "name": "billing.view", "bit": 0, "changes": ["renamed"],
                                "former_name": "billing.read"}]
    assert may(token, "billing.view") == may(token, "billing.read") == "REASON_ALLOWED"
    shown = server.cli("key", "list", "--json").stdout
    assert "billing.view" in shown and "billing.read" not in shown


def test_checks_go_on_while_the_catalogue_changes(server, may):
    apply(server, own())
    token, _ = server.create_key("pipeline", ["billing.read", "billing.pay"])
    seen, over = set(), threading.Event()

    def ask():
        while not over.is_set():
            seen.add((may(token, "billing.read"), may(token, "billing.pay")))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(15):
        apply(server, own(pay="retired: true"))
        apply(server, own(pay="retired: false"))
    over.set()
    for asker in askers:
        asker.join()
    assert {read for read, _ in seen} == {"REASON_ALLOWED"}
    assert {pay for _, pay in seen} == {"REASON_ALLOWED", "REASON_MISSING_SCOPE"}


def test_what_keys_of_the_shipped_catalogue_hold_is_kept(server, may):
    token, _ = server.create_key("pipeline", ["users.read"])
    said = apply(server, own(), code=1)
    assert "line 4, column 5: `bits` of category `billing` overlap those of `users`, which are 0-15" in said
    kept = "  users: {bits: 0-15, scopes: {read: }}"
    apply(server, own(rest=kept).replace("bits: 0-15\n", "bits: 16-31\n"))
    assert may(token, "users.read") == "REASON_ALLOWED"
    assert may(token, "billing.read") == "REASON_MISSING_SCOPE"


def test_an_exported_catalogue_changes_nothing_here_and_means_the_same_elsewhere(server, new_server):
    apply(server, own(pay="retired: true", rest="presets: {p: {scopes: [billing.read], expires_in: 2w}}"))
    file = server.cli("scope", "export").stdout
    assert apply(server, file, command="diff") == "Nothing changes.\n"
    assert apply(server, file) == "Nothing changes.\n"
    other = new_server("other")
    apply(other, file)
    assert other.cli("scope", "export").stdout == file


def test_diff_and_dry_run_say_what_apply_does_and_change_nothing(server):
    wanted = apply(server, own(), "--json", command="diff")
    assert wanted["applied"] is False and wanted["generation"] == "1"
    assert apply(server, own(), "--json", "--dry-run") == wanted
    assert server.cli("scope", "export").stdout.startswith("# Catalogue of scopes, generation 1.")
    assert apply(server, own(), "--json")["changes"] == wanted["changes"]
    text = apply(server, own(read="high_risk: true", pay="title: Pay"), command="diff")
    assert text == "~ scope    billing.read  bit 0; high risk\n~ scope    billing.pay  bit 1; title or description\n"


@pytest.mark.parametrize("text, said", [
    ("", "standard input: line 1, column 1: the file is empty"),
    ("a: &a [*a]", "anchors and tags are not taken"),
    ("categories: {}\n---\n{}", "a second document"),
    ("categories: " + "[" * 100000, "nested too deeply"),
    ("#" * 300000, "the file has 262145 bytes; at most 262144 are taken"),
    ("categories: {apikeys: {bits: 48-55}}", "category `apikeys` is bitting's own"),
    ("categories: {a: {bits: 56-63}}", "bit 63 is never assigned"),
    ("categories: {a: {bits: 0-15, scopes: {%s}}}" % ", ".join(f"s{n}: " for n in range(64)),
     "`s16` is one scope more than the category's window of 16 bits holds"),
    ("categories:\n  a:\n    bits: 0-3\n    scopes:\n      x:\n      x:\n", "line 6, column 7: `x` is here twice (line 5)"),
])
def test_a_bad_file_is_refused_with_the_place_and_leaves_the_store_alone(server, text, said):
    before = server.cli("scope", "export").stdout
    for command in ("diff", "apply"):
        assert said in apply(server, text, command=command, code=1)
    assert server.cli("scope", "export").stdout == before


def test_a_file_that_cannot_be_read_is_named(server, tmp_path):
    for path, said in [(tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory")]:
        done = server.cli("scope", "apply", path)
        assert done.returncode == 1 and f"{path}: {said}" in done.stderr
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00categories")
    done = server.cli("scope", "apply", tmp_path / "binary.yaml")
    assert done.returncode == 1 and "binary.yaml: line 1, column 1: " in done.stderr


def test_a_preset_is_the_template_of_its_keys_and_shows_who_drifted(server, keys, protos, root):
    preset = "presets: {support: {scopes: [billing.read], kind: org, expires_in: 90d, labels: {team: s}, selectors: ['p:*']}}"
    apply(server, own(rest=preset))

    def create(**fields):
        fields = {"name": "k", "preset": "support", "org_id": "acme", **fields}
        return keys.CreateKey(protos.key.CreateKeyRequest(**fields), metadata=root).key

    key = create(selectors=["p:42"])
    assert (key.kind, dict(key.labels), list(key.selectors)) == (protos.key.KEY_KIND_ORG, {"team": "s"}, ["p:42"])
    assert key.expires_at.seconds - key.created_at.seconds == 90 * 86400
    for wrong, field in [({"kind": protos.key.KEY_KIND_GENERIC}, "kind"), ({"selectors": ["q:1"]}, "selectors"),
                         ({"labels": {"team": "t"}}, "labels[team]"), ({"org_id": ""}, "org_id")]:
        with pytest.raises(grpc.RpcError) as refused:
            create(**wrong)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert refused.value.details().startswith(field), refused.value.details()

    def drifted():
        listed_ = keys.ListKeys(protos.key.ListKeysRequest(), metadata=root).keys
        return {key.name: key.preset_drifted for key in listed_ if key.preset == "support"}

    assert drifted() == {"k": False}
    apply(server, own(rest=preset.replace("[billing.read]", "[billing.read, billing.pay]")))
    create(name="younger")
    assert drifted() == {"k": True, "younger": False}
    rows = server.cli("key", "list").stdout.splitlines()
    assert [("support drifted" in row, "  support  " in row) for row in rows if "support" in row] == [(True, False), (False, True)]


def test_the_example_can_be_applied_and_every_preset_makes_a_key(server, scopes, protos, root):
    done = server.cli("scope", "apply", EXAMPLE)
    assert done.returncode == 0, done.stderr
    presets = scopes.ListPresets(protos.scope.ListPresetsRequest(), metadata=root).presets
    assert [preset.name for preset in presets] == ["gateway", "customer_reading", "auditor", "full_access"]
    for preset in presets:
        owner = {"org": "acme"} if preset.kind == protos.key.KEY_KIND_ORG else {}
        _, key = server.create_key("key", preset=preset.name, **owner)
        assert key["preset_version"] == preset.version
    by_command = json.loads(server.cli("preset", "list", "--json").stdout)["presets"]
    for preset, other in zip(presets, by_command):
        assert (list(preset.scopes), str(preset.scope_mask)) == (other["scopes"], other["scope_mask"])
        assert (list(preset.selectors), list(preset.networks)) == (other["selectors"], other["networks"])


def test_reflection_describes_the_service(server, protos):
    """As grpcurl does it, with no proto file."""
    import importlib
    reflection = importlib.import_module("grpc.reflection.v1.reflection_pb2")
    stub = importlib.import_module("grpc.reflection.v1.reflection_pb2_grpc").ServerReflectionStub(server.guarded())
    ask = reflection.ServerReflectionRequest
    asked = iter([ask(list_services=""), ask(file_containing_symbol="bitting.v1.ScopeService")])
    services, file = list(stub.ServerReflectionInfo(asked))
    assert "bitting.v1.ScopeService" in {service.name for service in services.list_services_response.service}
    assert file.file_descriptor_response.file_descriptor_proto


def test_two_who_apply_at_once_both_end_in_a_catalogue_that_is_whole(server):
    """Each file names the scopes of the other, so the order does not matter."""
    files = [own(read=f"title: T{n}") for n in range(8)]
    apply(server, own())
    running = [subprocess.Popen([support.BINARY, "scope", "apply", "-", "--data", str(server.data)],
                                stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env=support.clean_environment()) for _ in files]
    ends = [process.communicate(text) and process.returncode for process, text in zip(running, files)]
    assert ends == [0] * len(files)
    listed_ = json.loads(server.cli("scope", "list", "--json").stdout)
    assert len(listed_["categories"]) == 2
    assert server.cli("store", "verify").returncode == 0
