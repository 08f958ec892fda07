"""The life of `bitting serve`: how it starts, what it refuses, how it ends."""
import contextlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time

import grpc
import pytest

import support


def refused(*words, data, **more):
    """serve is called in a wrong way: it ends at once, and says why."""
    done = support.run("serve", "--data", data, *words, **more)
    assert done.returncode in (1, 2) and " ready" not in done.stderr
    return done.stderr


def test_a_first_start_makes_the_store_and_names_the_next_command(new_server):
    server = new_server()
    assert f"bitting key create --data {server.data} --env test" in server.log()
    assert "pepper" in server.log()
    assert stat.S_IMODE(os.stat(server.data).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(server.data / "pepper").st_mode) == 0o600
    server.stop()
    before = len(server.log())
    server.start()  # the first may have failed after it made the store
    assert "bitting key create" in server.log()[before:]
    server.create_key()
    server.stop()
    before = len(server.log())
    server.start()
    assert "bitting key create" not in server.log()[before:]


def test_what_is_logged_without_standard_streams_goes_into_the_store(tmp_path):
    data = tmp_path / "data"
    words = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', support.BINARY, "serve", "--data", str(data), "--http", "none"]
    process = subprocess.Popen([*words, "--grpc", "127.0.0.1:0"], env=support.clean_environment())
    deadline = time.monotonic() + support.START_SECONDS
    with socket.socket(socket.AF_UNIX) as client:
        while client.connect_ex(str(data / "check.sock")) != 0:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
    try:
        process.terminate()
        assert process.wait(support.STOP_SECONDS) == 0
    finally:
        process.kill()
    assert (data / "bitting.mdb-lock").read_bytes()[:4] == 0xBEEFC0DE.to_bytes(4, sys.byteorder)
    done = subprocess.run([*words[:4], "key", "create", "--data", str(data), "--env", "test", "--name", "a"],
                          env=support.clean_environment())
    assert done.returncode == 1


@pytest.mark.parametrize("place", ["flag", "credential"])
def test_the_next_command_does_not_find_a_pepper_that_lies_elsewhere(tmp_path, new_server, place):
    if place == "flag":
        server = new_server(flags=["--pepper", tmp_path / "elsewhere"])
    else:
        (tmp_path / "bitting-pepper").write_text("0123456789abcdef" * 4)
        (tmp_path / "bitting-pepper").chmod(0o400)
        server = new_server(variables={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    pepper = tmp_path / ("elsewhere" if place == "flag" else "bitting-pepper")
    assert f"Back up the pepper, {pepper}, " in server.log() and not (server.data / "pepper").exists()
    words = re.search(r"^  bitting (key create .*)$", server.log(), re.M)[1].split()
    done = support.run(*words)
    assert done.returncode == 0 and done.stdout.startswith("bt_test_"), done.stderr


def test_keys_are_there_after_a_restart(new_server):
    server = new_server()
    token, _ = server.create_key("a", ["users.read"])
    server.stop()
    server.start()
    assert server.cli("check", "--env", "test", "--scope", "users.read", token=token).returncode == 0


def test_a_relative_directory_is_taken_from_here(tmp_path):
    process = subprocess.Popen([support.BINARY, "serve", "--data", "here", "--grpc", "none"], cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True, env=support.clean_environment())
    for line in process.stderr:
        if " ready " in line:
            break
    assert (tmp_path / "here" / "check.sock").is_socket()
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    assert process.wait(support.STOP_SECONDS) == 0


def test_a_second_server_on_a_store_is_refused_and_the_first_goes_on(new_server):
    server = new_server()
    said = refused("--grpc", "127.0.0.1:0", "--grpc-trusted", "none", data=server.data)
    assert str(server.process.pid) in said
    assert server.cli("key", "list").returncode == 0
    server.kill()
    server.start()


@pytest.mark.parametrize("words, said", [
    (["--grpc", "none", "--grpc-trusted", "none"], "nothing to listen on"),
    (["--grpc", "0.0.0.0:0"], "TLS"), (["--grpc-trusted", "0.0.0.0:0"], "loopback"),
    (["--grpc", "nonsense"], "nonsense"), (["--grpc", "127.0.0.1:99999"], "127.0.0.1:99999"),
    (["--grpc", "h3:127.0.0.1:0"], "h3"), (["--grpc", "127.0.0.1:0", "--tls-cert", "/nowhere"], "key"),
    (["--workers", "0"], "--workers"), (["--workers", "257"], "--workers"), (["--drain", "soon"], "--drain"),
    (["--drain", "999999d"], "--drain"), (["--settle", "25h"], "--settle"),
    (["--environment", "x" * 99], "--environment"), (["--log-level", "loud"], "--log-level")])
def test_what_cannot_be_served_is_refused_and_named(tmp_path, words, said):
    assert said in refused(*words, data=tmp_path / "data")


def test_an_override_is_silent(new_server):
    server = new_server(flags=["--insecure", "--grpc", "0.0.0.0:0", "--grpc-trusted", "h2:0.0.0.0:0"])
    warned = re.findall(r" warning insecure: (.*) address=(\S+)", server.log())
    assert sorted(words.split()[0] for words, _ in warned) == ["callers'", "whoever"], server.log()
    assert all(address.startswith("0.0.0.0:") for _, address in warned)


def test_a_listener_of_an_environment_that_is_not_there_yet_says_something_else(new_server, protos):
    server = new_server(flags=["--environment", "prod"])
    assert re.search(r" warning .*no environment prod\b.*bitting env add prod", server.log())
    stub = protos.check_grpc.CheckServiceStub(server.trusted())
    with pytest.raises(grpc.RpcError) as denied:
        stub.Validate(protos.check.ValidateRequest(token="x"), timeout=10)
    assert denied.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert denied.value.details() == 'environment: there is no "prod"; there are: test'
    assert server.cli("env", "add", "prod").returncode == 0
    answer = stub.Validate(protos.check.ValidateRequest(token="x"), timeout=10)
    assert answer.reason == protos.check.REASON_MALFORMED_TOKEN


def test_an_address_that_is_taken_is_named(tmp_path, transport):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        prefix = "" if transport == "grpc" else f"{transport}:"
        said = refused("--grpc", f"{prefix}127.0.0.1:{port}", "--grpc-trusted", "none", data=tmp_path / "data")
    assert str(port) in said


def test_a_pepper_that_others_can_read_is_refused(new_server):
    server = new_server()
    server.stop()
    os.chmod(server.data / "pepper", 0o644)
    assert "pepper" in refused(data=server.data)
    os.chmod(server.data / "pepper", 0o600)


def test_another_pepper_than_the_store_s_is_refused(new_server, tmp_path):
    server, other = new_server(), new_server("other")
    server.stop()
    assert "pepper" in refused("--pepper", other.data / "pepper", data=server.data)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_either_signal_ends_it_well(new_server, number):
    server = new_server()
    server.stop([number])
    assert re.search(r" ending\n.* ended\n$", server.log(), re.DOTALL)
    with contextlib.closing(socket.socket()) as probe:
        host, port = server.guarded_address.rsplit(":", 1)
        assert probe.connect_ex((host, int(port))) != 0


def test_a_second_signal_cuts_the_settle_time_short(new_server):
    server = new_server(flags=["--settle", "300s"])
    server.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + support.START_SECONDS
    while " ending" not in server.log():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.process.poll() is None
    server.stop()


def test_while_it_settles_health_says_so_and_questions_are_answered(new_server, protos):
    server = new_server(flags=["--settle", "300s"])
    token, _ = server.create_key("a", ["users.read"])
    from grpc.health.v1 import health_pb2, health_pb2_grpc
    health = health_pb2_grpc.HealthStub(server.trusted())
    serving, not_serving = (health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING)
    assert health.Check(health_pb2.HealthCheckRequest()).status == serving
    server.process.send_signal(signal.SIGTERM)
    for answer in health.Watch(health_pb2.HealthCheckRequest(), timeout=support.START_SECONDS):
        if answer.status == not_serving:
            break
    checks = protos.check_grpc.CheckServiceStub(server.trusted())
    assert checks.CheckScope(protos.check.CheckScopeRequest(
        token=token, scopes=["users.read"], environment="test")).allowed
    server.stop()


def test_the_service_manager_is_told(tmp_path, transport):
    """As sd_notify(3) does, by path and by abstract name."""
    for name, path in [("path", str(tmp_path / "notify")), ("abstract", f"@bitting-test-{os.getpid()}")]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path.replace("@", "\0", 1))
            manager.settimeout(support.START_SECONDS)
            server = support.Server(tmp_path / name, transport=transport, variables={"NOTIFY_SOCKET": path}).start()
            assert manager.recv(100) == b"READY=1"
            server.stop()
            assert manager.recv(100) == b"STOPPING=1"


def test_the_listener_s_environment_is_that_of_questions_which_name_none(new_server, protos):
    server = new_server(flags=["--environment", "test"])
    token, _ = server.create_key("a", ["users.read"])
    checks = protos.check_grpc.CheckServiceStub(server.trusted())
    question = protos.check.CheckScopeRequest(token=token, scopes=["users.read"])
    assert checks.CheckScope(question).allowed
    other = new_server("other")
    with pytest.raises(grpc.RpcError) as caught:
        protos.check_grpc.CheckServiceStub(other.trusted()).CheckScope(question)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_command_s_change_is_seen_by_the_server_s_next_check(new_server, protos):
    server = new_server()
    checks = protos.check_grpc.CheckServiceStub(server.trusted())
    for number in range(20):
        token, key = server.create_key(f"k{number}", ["users.read"])
        question = protos.check.CheckScopeRequest(token=token, scopes=["users.read"], environment="test")
        assert checks.CheckScope(question).allowed
        assert server.cli("key", "revoke", key["key_id"]).returncode == 0
        assert checks.CheckScope(question).reason == protos.check.REASON_REVOKED


def test_both_transports_serve_beside_each_other(tmp_path, protos):
    server = support.Server(tmp_path / "data", flags=["--grpc", "h2:127.0.0.1:0"]).start()
    addresses = re.findall(r"listening address=(\S+) access=guarded transport=(\w+)", server.log())
    assert sorted(transport for _, transport in addresses) == ["grpc", "h2"]
    gateway, _ = server.create_key("gateway", preset="validation_only")
    token, _ = server.create_key("a", ["users.read"])
    for address, _ in addresses:
        answer = protos.check_grpc.CheckServiceStub(server.channel(address)).CheckScope(
            protos.check.CheckScopeRequest(token=token, scopes=["users.read"]), metadata=support.bearer(gateway))
        assert answer.allowed
    server.stop()


def test_a_log_line_is_a_time_a_level_and_an_event(server):
    server.create_key("a")
    server.stop()
    for line in server.log().splitlines():
        if re.match(r"\d{4}-", line):
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) \S", line), line
