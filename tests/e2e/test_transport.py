"""The transports: clients that are wrong, greedy or gone; limits; health and reflection."""
import concurrent.futures
import random
import resource
import shutil
import socket
import subprocess
import time

import grpc
import pytest

import raw_http2
from echo import CHECK, NOT_SERVING, SERVING, WATCH, until
from support import RACES, SLOW

Code = grpc.StatusCode
flood = pytest.mark.skipif(RACES, reason="takes ThreadSanitizer an hour")
LIMIT = 256 << 10
ARENA = 16 << 10


# --- Requests

def test_an_unknown_method_is_unimplemented_every_time(echo):
    server = echo()
    for number in range(200):
        assert server.status(f"/no.Such/Method{number}")[0] == Code.UNIMPLEMENTED
    assert server.call("Echo", b"x") == b"x"


def test_messages_up_to_the_limit_come_whole(echo):
    server = echo()
    channel = server.channel(grpc__max_receive_message_length=-1)
    for size in (0, 1, 16383, 16384, 16385, 65536, LIMIT - 1, LIMIT):
        body = random.randbytes(size)
        assert server.call("Echo", body, channel) == body


@pytest.mark.parametrize("size", [LIMIT + 1, 10 << 20])
def test_a_message_over_the_limit_is_refused(echo, size):
    server = echo()
    assert server.status("Echo", bytes(size))[0] == Code.RESOURCE_EXHAUSTED
    server.lives()


def test_a_method_can_have_a_smaller_limit(echo):
    code, text = echo().status("FillLarge", bytes(17))
    assert code == Code.RESOURCE_EXHAUSTED
    assert "17 bytes" in text and "16" in text


def test_a_failure_comes_with_its_text_and_what_is_not_printable_is_not_in_it(echo):
    server = echo()
    assert server.status("Refuse", b"a name") == (Code.FAILED_PRECONDITION, "refused: a name")
    assert server.status("Refuse", "ä%\n".encode()) == (Code.FAILED_PRECONDITION, "refused: ä%?")


def test_random_and_cut_messages_are_answered(echo):
    server = echo()
    chance = random.Random(7)
    right = b"\x0a\x0agrpc.X.abc"
    bodies = [chance.randbytes(chance.randrange(200)) for _ in range(500)]
    bodies += [right[:size] for size in range(len(right))]
    for body in bodies:
        try:
            assert server.call(CHECK, body) == SERVING
        except grpc.RpcError as error:
            assert error.code() in (Code.INVALID_ARGUMENT, Code.NOT_FOUND), error
    server.lives()


def test_a_call_without_a_message_is_an_error(echo):
    server = echo()
    client = raw_http2.Client(server.port)
    client.send(raw_http2.frame(raw_http2.HEADERS, raw_http2.END_HEADERS | raw_http2.END_STREAM, 1,
                                raw_http2.headers("/test.Echo/Echo")))
    kinds = [kind for kind, flags, stream in client.frames_until_end(1)]
    assert raw_http2.DATA not in kinds
    client.close()
    server.lives()


@pytest.mark.parametrize("suffix", ["+json", "+proto", ";charset=utf-8"])
def test_a_call_of_another_content_type_of_grpc_is_answered(echo, suffix):
    client = raw_http2.Client(echo().port)
    stream = client.open("/test.Echo/Echo", b"x", raw_http2.END_STREAM, ("content-type", f"application/grpc{suffix}"))
    kinds = [kind for kind, flags, of in client.frames_until_end(stream) if of == stream]
    assert kinds == [raw_http2.HEADERS, raw_http2.DATA, raw_http2.HEADERS]  # an answer of HTTP alone has no trailers
    client.close()


def test_headers_over_the_limit_are_refused_and_hurt_nobody_else(echo):
    server = echo(header_max=8192)
    other = server.channel()
    assert server.call("Echo", b"x", other) == b"x"
    for size in (9000, 20000, 200000):
        big = (("authorization", "x" * size),)
        code, _ = server.status("Describe", channel=server.channel(), metadata=big)
        # nghttp2 ends the connection where one field has over 64 KiB.
        assert code == Code.RESOURCE_EXHAUSTED or (size > 65536 and code == Code.UNAVAILABLE)
    right = (("x-long", "x" * 4000), ("authorization", "xxxx"))
    assert server.call("Describe", channel=other, metadata=right).startswith(b"xxxx")


def test_a_compressed_request_is_unimplemented(echo):
    server = echo()
    for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
        code, _ = server.status("Echo", b"a" * 10000, compression=compression)
        assert code == Code.UNIMPLEMENTED
    server.lives()


def test_credentials_and_deadlines_reach_the_handler(echo):
    server = echo()
    path = "/test.Echo/Describe"
    call = server.channel().unary_unary(path)
    one = call(b"", metadata=(("authorization", "Bearer a"),))
    assert one == b"Bearer a|0|-1"
    two = call(b"", metadata=(("authorization", "Bearer a"), ("authorization", "Bearer b")))
    assert two.split(b"|")[1] == b"1"
    left = int(call(b"", timeout=5).split(b"|")[2])
    assert 3000 < left <= 5100  # clients round up


# --- Limits

def test_calls_past_the_cap_are_refused_at_once_and_those_in_flight_are_answered(echo):
    server = echo(workers=1, calls=8)
    hold = server.channel().unary_unary("/test.Echo/Hold")
    held = [hold.future(b"%d" % number, timeout=60) for number in range(8)]
    probe = server.channel()

    def full():
        start = time.monotonic()
        try:
            server.call("Echo", b"", probe)
        except grpc.RpcError as error:
            assert error.code() == Code.RESOURCE_EXHAUSTED
            assert time.monotonic() - start < 5
            return True
        return False

    until(full)
    for _ in range(200):
        assert full()
        assert server.call("Never", b"x", probe) == b"full"
    server.let_go()
    until(lambda: server.call("Never", b"x", probe) == b"x")
    assert [call.result() for call in held] == [b"%d" % number for number in range(8)]
    assert server.call("Echo", b"x", probe) == b"x"


def test_arenas_are_whole_and_large_ones_are_few_but_come_back(echo):
    server = echo(workers=1)
    channel = server.channel(grpc__max_receive_message_length=-1)
    call = channel.unary_unary("/test.Echo/FillLarge")
    for _ in range(20):
        done = [call.future(b"", timeout=60) for _ in range(8)]
        answers = [future.result() if not future.exception() else future.code() for future in done]
        assert all(answer == b"x" * (1 << 20) or answer == Code.RESOURCE_EXHAUSTED
                   for answer in answers)
    assert server.call("FillLarge", b"", channel) == b"x" * (1 << 20)
    assert server.call("Fill", b"", channel) == b"x" * ARENA


def open_sockets(port, count):
    """Those that the server has not closed by the time all are open."""
    sockets = []
    for _ in range(count):
        one = socket.create_connection(("127.0.0.1", port), timeout=10)
        one.sendall(raw_http2.PREFACE + raw_http2.frame(raw_http2.SETTINGS, 0, 0))
        sockets.append(one)
    return sockets


def is_open(one):
    """The server greets with its settings, or closes."""
    try:
        return len(one.recv(1)) == 1
    except ConnectionError:
        return False


@pytest.fixture
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@flood
@pytest.mark.parametrize("limits", [{"connections": 1000}, {"hard_limit": 600}])
def test_5000_connections_leave_a_server_that_accepts(echo, many_files, limits):
    server = echo(**limits)
    most = limits.get("connections", 600)
    before = server.descriptors()
    sockets = open_sockets(server.port, 5000)
    alive = sum(map(is_open, sockets))
    assert most // 2 < alive <= most
    assert server.descriptors() <= before + most
    for one in sockets:
        one.close()
    until(lambda: server.descriptors() < before + 50)
    for _ in range(20):
        server.lives()
    assert "too many are open" in server.log()


@flood
def test_10000_watches_that_are_never_read_cost_little_and_others_are_served(echo):
    server = echo(calls=4096, streams=2000)
    server.lives()
    before = server.resident()
    clients = [raw_http2.Client(server.port, window=0) for _ in range(40)]
    for client in clients:
        for _ in range(250):
            client.open(WATCH)
    server.lives()
    assert server.resident() - before < 400 << 20
    for client in clients:
        client.close()
    watch = server.channel().unary_stream(WATCH)

    def free():
        call = watch(b"", timeout=10)
        try:
            return next(call) == SERVING
        except grpc.RpcError as error:
            assert error.code() == Code.RESOURCE_EXHAUSTED
            return False
        finally:
            call.cancel()

    until(free)


def lives_now(server):
    """Calls of clients that have gone may still take the room of others."""
    server.let_go()
    try:
        return server.call("Echo", b"x", server.channel()) == b"x"
    except grpc.RpcError as error:
        assert error.code() == Code.RESOURCE_EXHAUSTED
        return False


@flood
def test_clients_that_send_half_a_call_and_stay_do_not_keep_others_out(echo):
    server = echo(calls=64, memory=64 << 20)
    clients = [raw_http2.Client(server.port) for _ in range(60)]
    for client in clients:
        for _ in range(200):
            client.stream += 2
            client.send(raw_http2.frame(raw_http2.HEADERS, raw_http2.END_HEADERS, client.stream,
                                        raw_http2.headers("/test.Echo/Echo")))
    until(lambda: lives_now(server))
    for client in clients:
        client.close()
    until(lambda: lives_now(server))


def test_what_is_no_http2_is_closed_and_others_are_served(echo):
    server = echo()
    chance = random.Random(11)
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", server.port)) as one:
            try:
                one.sendall(chance.choice([b"GET / HTTP/1.1\r\n\r\n", chance.randbytes(500),
                                           raw_http2.PREFACE + chance.randbytes(500)]))
            except ConnectionError:
                pass
    server.lives()


def test_a_client_that_leaves_in_the_middle_costs_nothing(echo):
    server = echo(workers=1, calls=32)
    for _ in range(50):
        channel = server.channel()
        calls = [channel.unary_unary("/test.Echo/Hold").future(b"x") for _ in range(16)]
        calls[0].cancel()
        channel.close()
        server.let_go()
    server.let_go()
    until(lambda: lives_now(server))


@pytest.mark.skipif(SLOW > 1, reason="sanitizers keep freed memory")
def test_memory_stays_within_bounds_over_many_calls(echo):
    server = echo(workers=2)
    body = random.randbytes(641)

    def work(_):
        call = server.channel().unary_unary("/test.Echo/Echo")
        for _ in range(100):
            futures = [call.future(body) for _ in range(16)]
            assert all(future.result() == body for future in futures)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
        first = server.resident()
        list(pool.map(work, range(24)))
    assert server.resident() < first + (16 << 20)


# --- Health and reflection

def test_a_watcher_sees_the_server_go(echo):
    server = echo(settle_ms=2000)
    watch = server.channel().unary_stream(WATCH)(b"")
    assert next(watch) == SERVING
    server.end()
    assert next(watch) == NOT_SERVING
    assert server.call(CHECK, b"", server.channel()) == NOT_SERVING
    with pytest.raises(grpc.RpcError) as error:
        next(watch)
    assert error.value.code() == Code.UNAVAILABLE
    assert server.wait() == 0


def test_watches_are_capped(echo):
    server = echo(streams=10)
    channel = server.channel()
    watches = [channel.unary_stream(WATCH)(b"") for _ in range(10)]
    assert [next(watch) for watch in watches] == [SERVING] * 10
    with pytest.raises(grpc.RpcError) as error:
        next(channel.unary_stream(WATCH)(b""))
    assert error.value.code() == Code.RESOURCE_EXHAUSTED
    watches[0].cancel()

    def one_more():
        try:
            return next(channel.unary_stream(WATCH)(b"")) == SERVING
        except grpc.RpcError:
            return False

    until(one_more)
    for watch in watches:
        watch.cancel()


def test_a_dialogue_answers_in_turn_and_ends_well(echo):
    path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    names = [b"bitting/v1/key.proto", b"grpc/health/v1/health.proto", b"no.proto"]
    requests = [b"\x1a" + bytes([len(name)]) + name for name in names]
    answers = list(echo().channel().stream_stream(path)(iter(requests)))
    assert len(answers) == 3
    assert all(request in answer for request, answer in zip(requests, answers))
    assert b"CreateKeyRequest" in answers[0] and b"ServingStatus" in answers[1]


@pytest.mark.skipif(not shutil.which("grpcurl"), reason="grpcurl is not installed")
def test_grpcurl_lists_and_describes_all_with_comments_and_no_files(echo):
    server = echo()

    def grpcurl(*words):
        done = subprocess.run(["grpcurl", "-plaintext", server.address, *words], check=True,
                              capture_output=True, text=True, timeout=60)
        return done.stdout

    services = grpcurl("list").split()
    assert "bitting.v1.CheckService" in services and "bitting.v1.KeyService" in services
    for service in services:
        assert "rpc " in grpcurl("describe", service)
    assert "Does the key hold these scopes?" in grpcurl("describe", "bitting.v1.CheckService")
    assert "REASON_ALLOWED = 1" in grpcurl("describe", "bitting.v1.Reason")
    assert "map<string, string> labels" in grpcurl("describe", "bitting.v1.Key")
