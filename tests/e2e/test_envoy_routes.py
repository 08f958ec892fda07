"""The route table behind real Envoy: paths as Envoy leaves them, and bodies."""
import pathlib
import random
import re
import signal
import time

import pytest

import envoy_proxy
import support
from envoy_proxy import ask, route

if not envoy_proxy.BINARY.exists():
    pytest.skip("the Envoy of this machine's architecture is not on PyPI", allow_module_level=True)

HOSTILE = pathlib.Path(support.ROOT) / "tests/route/hostile.txt"
SHIPPED = pathlib.Path(support.ROOT) / "deploy/routes/backend-api.yaml"
NORMALIZED = {"normalize_path": True, "merge_slashes": True, "path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"}


@pytest.fixture
def new_envoy(tmp_path):
    running = []

    def make(server, **more):
        folder = tmp_path / f"envoy{len(running)}"
        running.append(envoy_proxy.Envoy(folder, server.trusted_address, [route("/")], **more))
        return running[-1]

    yield make
    for envoy in running:
        envoy.stop()


@pytest.fixture
def server(new_server):
    return new_server(flags=["--environment", "test", "--routes", SHIPPED])


def hostile_targets():
    for line in HOSTILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            target = line.split(" ", 1)[1]
            yield re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), target)


def read_like_a_service(path):
    """Decoded, and with empty and dot segments and parameters cleaned away."""
    decoded = re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), path.split("?", 1)[0])
    out = []
    for part in re.split(r"[/\\]", decoded):
        part = part.split(";", 1)[0]
        if part == "..":
            out = out[:-1]
        elif part not in ("", "."):
            out.append(part)
    return "/" + "/".join(out)


def sendable(target):
    """What is one request line: no space and no line end."""
    return target and not re.search(r"[\s\x00-\x20]", target)


def test_no_hostile_path_gets_in_as_it_is(server, new_envoy):
    token, _ = server.create_key("all", preset="full_access")
    envoy = new_envoy(server)
    asked = 0
    for target in filter(sendable, hostile_targets()):
        if re.fullmatch(r"https?://.*", target, re.IGNORECASE):
            continue  # Envoy takes it apart into host and path
        answer = ask(envoy.port, target, [("x-api-key", token)])
        asked += 1
        if answer.status == 200:
            # The shipped table makes some public, and knows some with another method.
            assert not any(bad in answer.json()["path"] for bad in ("//", "..", "%", ";", "\\")), target
            assert read_like_a_service(answer.json()["path"]) == answer.json()["path"].split("?")[0], target
            assert target in ("/api/v1/users/MIGRATE",), target
    assert asked > 300


def test_what_envoy_makes_of_a_path_is_what_is_decided_on(new_server, new_envoy, tmp_path):
    """With Envoy's own normalization on: whatever gets in, upstream reads as a path that this key may use."""
    table = tmp_path / "routes.yaml"
    table.write_text("version: 1\nroutes:\n- {method: GET, path: /health, public: true}\n"
                     "- {method: GET, path: '/api/users/{id}', scopes: users.read}\n"
                     "- {method: GET, path: /api/admin, scopes: users.delete}\n", encoding="utf-8")
    server = new_server(flags=["--environment", "test", "--routes", table])
    token, _ = server.create_key("reader", ["users.read"])
    envoy = new_envoy(server, manager=NORMALIZED)
    pieces = ["/", "/", "/", "api", "users", "admin", "health", "42", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\",
              ";", "%3b", "%61", "%2561", "//", "%c0%af", "%00", "~", "?", "%", "%252f", "AdMin", "%E2%80%A4"]
    seed = time.time_ns()
    print("seed", seed)
    draw = random.Random(seed)
    targets = list(filter(sendable, hostile_targets()))
    targets += ["/" + "".join(draw.choices(pieces, k=draw.randint(1, 9))) for _ in range(3000)]
    targets += ["/health", "/api/users/42", "/api//users/./42", "/x/../health", "/api%2fusers%2f42", "//health"]
    passed = set()
    for target in targets:
        answer = ask(envoy.port, target, [("x-api-key", token)])
        assert answer.status in (200, 307, 400, 403, 404), (target, answer.status)
        if answer.status == 200:
            path = read_like_a_service(answer.json()["path"])
            assert path == "/health" or re.fullmatch("/api/users/[^/]+", path), (target, answer.json()["path"])
            passed.add(target)
    assert {"/health", "/api/users/42", "/api//users/./42", "/x/../health"} <= passed


def test_a_field_of_the_body_takes_its_scope(server, new_envoy):
    plain, _ = server.create_key("plain", ["users.update"])
    email, _ = server.create_key("email", ["users.update", "users.update_email"])
    both = {"with_request_body": {"max_request_bytes": 200, "allow_partial_message": True}}
    as_bytes = {"with_request_body": {"max_request_bytes": 200, "allow_partial_message": True, "pack_as_bytes": True}}
    for fields in (both, as_bytes):
        envoy = new_envoy(server, **fields)

        def patch(token, body, kind="application/json", envoy=envoy):
            headers = [("x-api-key", token), ("content-type", kind), ("x-envoy-auth-partial-body", "false")]
            return ask(envoy.port, "/api/v1/users/42", headers, "PATCH", body).status

        assert patch(plain, b'{"name":"x"}') == 200
        assert patch(plain, b'{"email":"x"}') == 403
        assert patch(plain, b'{"\\u0045mail":"x"}') == 403
        assert patch(email, b'{"email":"x"}') == 200
        assert patch(plain, b'{"name":"x"}', "text/plain") == 403
        assert patch(plain, b'{"name":"x"}' + b" " * 300) == 403
        assert patch(plain, b'{"name":"x"}' + b" " * 300 + b'{"email":"x"}') == 403


def test_without_bodies_every_condition_counts_as_met(server, new_envoy):
    plain, _ = server.create_key("plain", ["users.update"])
    envoy = new_envoy(server)
    headers = [("x-api-key", plain), ("content-type", "application/json")]
    assert ask(envoy.port, "/api/v1/users/42", headers, "PATCH", b'{"name":"x"}').status == 403


def test_a_changed_table_is_used_from_the_next_request_and_a_bad_one_is_not(new_server, new_envoy, tmp_path):
    table = tmp_path / "routes.yaml"
    head = "version: 1\nroutes:\n"
    table.write_text(head + "- {method: GET, path: /x, scopes: users.read}\n", encoding="utf-8")
    server = new_server(flags=["--environment", "test", "--routes", table])
    token, _ = server.create_key("reader", ["users.read"])
    envoy = new_envoy(server)

    def reload(text, said):
        count = server.log().count(said)
        table.write_text(text, encoding="utf-8")
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while server.log().count(said) == count:
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.01)

    assert ask(envoy.port, "/x", [("x-api-key", token)]).status == 200
    reload(head + "- {method: GET, path: /x, scopes: users.delete}\n", "read the route table again")
    assert ask(envoy.port, "/x", [("x-api-key", token)]).status == 403
    reload(head + "- {method: GET, path: /x, scopes: users.reed}\n", "the route table stays as it was")
    assert ask(envoy.port, "/x", [("x-api-key", token)]).status == 403
    reload(head + "- {method: GET, path: /x, public: true}\n", "read the route table again")
    assert ask(envoy.port, "/x").status == 200
