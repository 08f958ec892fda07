"""The end of a server on c-core: calls in flight, patience, and a second signal."""
import concurrent.futures
import random
import socket
import threading

import grpc
import pytest

from echo import until

Code = grpc.StatusCode


def test_calls_in_flight_end_well_and_no_answer_is_wrong_when_the_server_ends_under_load(echo):
    server = echo(workers=2, drain_ms=20000)
    stop, right = threading.Event(), [0] * 8

    def work(seed):
        call = server.channel().unary_unary("/test.Echo/Echo")
        chance = random.Random(seed)
        while not stop.is_set():
            body = chance.randbytes(100)
            try:
                assert call(body, timeout=20) == body
                right[seed] += 1
            except grpc.RpcError as error:
                # A call that comes while the connection is being told to go was never begun.
                assert error.code() in (Code.UNAVAILABLE, Code.CANCELLED), error
                return

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = [pool.submit(work, seed) for seed in range(8)]
        try:
            until(lambda: all(count > 20 for count in right) or any(result.done() for result in results))
            server.end()
            code = server.wait()
        finally:
            stop.set()
    for result in results:
        result.result()
    assert code == 0
    assert all(count > 20 for count in right), right


def test_a_drain_waits_for_a_slow_call(echo):
    server = echo(workers=1, drain_ms=60000)
    held = server.channel().unary_unary("/test.Echo/Hold").future(b"slow", timeout=60)
    until(lambda: server.call("Held") == b"1")
    server.end()
    until(lambda: not accepts(server))
    assert server.process.poll() is None
    server.let_go()
    assert held.result() == b"slow"
    assert server.wait() == 0


def accepts(server):
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        return True
    except ConnectionError:
        return False


@pytest.mark.parametrize("impatient", [True, False])
def test_a_second_signal_or_the_deadline_cuts_a_drain_short(echo, impatient):
    server = echo(workers=1, drain_ms=60000 if impatient else 200)
    held = server.channel().unary_unary("/test.Echo/Hold").future(b"slow", timeout=60)
    until(lambda: server.call("Held") == b"1")
    dialogue = server.channel().stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")(iter([]))
    assert list(dialogue) == []
    server.end()
    until(lambda: not accepts(server))
    if impatient:
        server.end()
    assert held.exception().code() in (Code.UNAVAILABLE, Code.CANCELLED, Code.UNKNOWN)
    server.let_go()
    assert server.wait() == 3
