"""The h2 lane: other people's conformance tests, and floods while good clients are served. test_transport.py
and the others have what holds for both transports."""
import concurrent.futures
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree

import pytest

import raw_http2
from echo import Echo, until
from support import SLOW

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Its other cases have a client that streams, several answers to a request, compression, credentials of clouds, or metadata
# that the server gives back: a method here has none of its own (custom_metadata).
INTEROP = ["empty_unary", "large_unary", "ping_pong", "empty_stream", "timeout_on_sleeping_server",
           "status_code_and_message", "special_status_message", "unimplemented_method",
           "unimplemented_service", "cancel_after_first_response", "pick_first_unary", "rpc_soak", "channel_soak"]
# nghttp2 takes a stream of a lower number than the last one for a closed stream and ignores it.
H2SPEC_KNOWN = {"Sends stream identifier that is numerically smaller than previous"}


@pytest.fixture
def h2(tmp_path):
    """A factory: h2(calls=8) is tests/programs/echo_h2 --calls 8."""
    servers = []

    def make(address="127.0.0.1:0", **flags):
        servers.append(Echo(tmp_path, address, transport="h2", **flags))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


# tests/e2e/install-tools gets this client, h2spec, ghz and grpcurl.
@pytest.mark.skipif(not shutil.which("grpc_interop_client"), reason="grpc-go's client is not installed")
@pytest.mark.parametrize("case", INTEROP)
def test_grpcs_interoperability_client_is_satisfied(h2, case):
    server = h2()
    subprocess.run(["grpc_interop_client", "--server_host=127.0.0.1", f"--server_port={server.port}",
                    f"--test_case={case}"], check=True, capture_output=True, timeout=60 * SLOW)


def h2spec_failures(port, path, report):
    done = subprocess.run(["h2spec", "-h", "127.0.0.1", "-p", str(port), "-P", path, "-o", "5", "-j", str(report)],
                          capture_output=True, text=True, timeout=300 * SLOW)
    cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    results = [(case.get("classname"), len(case) > 0) for case in cases]
    assert len(results) > 140, done.stdout[-2000:]
    return {name for name, wrong in results if wrong}


@contextlib.contextmanager
def nghttpd(folder):
    """nghttp2's own server, of the package nghttp2-server; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with subprocess.Popen(["nghttpd", "-d", str(folder), "--no-tls", "-a", "127.0.0.1", str(port)],
                          stdout=subprocess.DEVNULL) as process:
        until(lambda: process.poll() is not None or answers(port))
        yield port
        process.terminate()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


@pytest.mark.skipif(not shutil.which("h2spec"), reason="h2spec is not installed")
def test_h2spec_finds_nothing_that_it_does_not_find_in_nghttp2s_own_server(h2, tmp_path):
    known = H2SPEC_KNOWN
    if shutil.which("nghttpd"):
        with nghttpd(tmp_path) as port:
            known = h2spec_failures(port, "/", tmp_path / "nghttpd.xml")
    assert h2spec_failures(h2().port, "/test.Echo/Echo", tmp_path / "ours.xml") <= known


# --- Floods. Each sends until the server has had enough.

def frames(kind, flags, stream, payload, times=500):
    return raw_http2.frame(kind, flags, stream, payload) * times


def request(stream, flags=raw_http2.END_HEADERS):
    return raw_http2.frame(raw_http2.HEADERS, flags, stream, raw_http2.headers("/test.Echo/Echo"))


def reset_flood():
    stream = 1
    while True:
        yield b"".join(request(number) + raw_http2.frame(raw_http2.RST_STREAM, 0, number, b"\0\0\0\x08")
                       for number in range(stream, stream + 200, 2))
        stream += 200


def made_reset_flood():
    """The server is made to reset: by a window that overflows."""
    stream = 1
    while True:
        yield b"".join(request(number) + raw_http2.frame(8, 0, number, b"\x7f\xff\xff\xff")
                       for number in range(stream, stream + 200, 2))
        stream += 200


def same(first, again):
    yield first
    while True:
        yield again


FLOODS = {
    "ping": lambda: same(b"", frames(raw_http2.PING, 0, 0, b"12345678")),
    "settings": lambda: same(b"", frames(raw_http2.SETTINGS, 0, 0, raw_http2.setting(4, 65535))),
    "window updates": lambda: same(b"", frames(8, 0, 0, b"\0\0\0\1")),
    "priorities": lambda: same(b"", frames(2, 0, 99, b"\0\0\0\1\1")),
    "unknown frames": lambda: same(b"", frames(0x77, 0, 0, b"x")),
    "empty data": lambda: same(request(1), frames(raw_http2.DATA, 0, 1, b"")),
    "continuations": lambda: same(request(1, flags=0), frames(9, 0, 1, b"\x83")),
    "rapid resets": reset_flood,
    "made resets": made_reset_flood,
}


def flood(port, pieces, reads, seconds=30):
    """True when the server has ended the connection."""
    one = socket.create_connection(("127.0.0.1", port), timeout=5)
    one.sendall(raw_http2.PREFACE + raw_http2.frame(raw_http2.SETTINGS, 0, 0))
    one.setblocking(False)
    deadline = time.monotonic() + seconds * SLOW
    left = b""
    try:
        while time.monotonic() < deadline:
            left = left or next(pieces)
            try:
                left = left[one.send(left):]
            except BlockingIOError:
                time.sleep(0.001)
                if not reads:
                    return True  # it reads no more from who does not read its answers
            try:
                if reads and not one.recv(1 << 16):
                    return True
            except BlockingIOError:
                pass
        return False
    except ConnectionError:
        return True
    finally:
        one.close()


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_ended_in_little_memory_while_good_clients_are_served(h2, name, reads):
    server = h2(workers=2)
    good = server.channel()
    assert server.call("Echo", b"x", good) == b"x"
    before = server.resident()
    stop = threading.Event()
    answered = []

    def be_good():
        call = good.unary_unary("/test.Echo/Echo")
        while not stop.is_set():
            assert call(b"good", timeout=10 * SLOW) == b"good"
            answered.append(time.monotonic())

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        client = pool.submit(be_good)
        bad = [pool.submit(flood, server.port, FLOODS[name](), reads) for _ in range(8)]
        ended = [one.result() for one in bad]
        more = len(answered)
        until(lambda: len(answered) > more)
        stop.set()
        client.result()
    assert all(ended)
    if SLOW == 1:
        assert server.resident() - before < 32 << 20
    server.lives()


def test_a_client_that_never_reads_costs_no_more_than_its_share(h2):
    server = h2(workers=1)
    server.lives()
    before = server.resident()
    clients = [raw_http2.Client(server.port, window=(1 << 31) - 1) for _ in range(20)]
    body = bytes(200000)
    for client in clients:
        client.send(raw_http2.frame(8, 0, 0, b"\x7f\x00\x00\x00"))
        client.socket.settimeout(0.3)
        try:
            for _ in range(300):
                client.open("/test.Echo/Echo", body[:16000])
        except OSError:
            pass
    server.lives()
    if SLOW == 1:
        assert server.resident() - before < 20 * (5 << 20)
    for client in clients:
        client.close()
    server.lives()


# --- Time

def test_who_does_not_go_on_is_sent_away(h2):
    server = h2(handshake_ms=1000, request_ms=1500, idle_ms=2000)
    silent = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    preface = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    preface.sendall(raw_http2.PREFACE)
    half = raw_http2.Client(server.port)
    half.send(request(1))
    header = raw_http2.Client(server.port)
    header.send(request(1, flags=0))
    idle = raw_http2.Client(server.port)
    idle.open("/test.Echo/Echo", b"x")
    for one in (silent, preface, header.socket, idle.socket):
        one.settimeout(20 * SLOW)
        while one.recv(1 << 16):
            pass
    kinds = [kind for kind, _, _ in half.frames_until_end(1)]
    assert raw_http2.HEADERS in kinds
    server.lives()


def test_many_clients_in_turn_leave_nothing_behind(h2):
    server = h2(workers=2)
    server.lives()
    files = server.descriptors()
    for _ in range(300):
        one = raw_http2.Client(server.port)
        one.open("/test.Echo/Echo", b"x")
        one.close()
    until(lambda: server.descriptors() <= files)


# --- Another client

def test_ghz_is_served(h2):
    if not shutil.which("ghz"):
        pytest.skip("ghz is not installed")
    server = h2()
    done = subprocess.run(["ghz", "--insecure", "--proto", str(ROOT / "proto/grpc/health/v1/health.proto"),
                           "--import-paths", str(ROOT / "proto"), "--call", "grpc.health.v1.Health/Check",
                           "-n", "5000", "-c", "50", "--format", "json", server.address],
                          capture_output=True, text=True, timeout=120 * SLOW, check=True)
    report = json.loads(done.stdout)
    assert report["count"] == 5000 and report["statusCodeDistribution"] == {"OK": 5000}
