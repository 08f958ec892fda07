"""What clients make the server remember, and that it forgets when they have gone."""
import pathlib
import re

import pytest

import raw_http2
from echo import until
from support import SLOW

BURST_BYTES = 100 << 20
LEFT_BYTES = 48 << 20


def resident(server):
    """Bytes of anonymous memory."""
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) * 1024


def half_calls(port):
    """40 connections, each with 250 calls whose messages never end."""
    clients = [raw_http2.Client(port) for _ in range(40)]
    block = raw_http2.headers("/bitting.v1.CheckService/CheckScope")
    body = raw_http2.message(bytes(60000))[:16000]
    for client in clients:
        for _ in range(250):
            client.stream += 2
            try:
                client.send(raw_http2.frame(raw_http2.HEADERS, raw_http2.END_HEADERS, client.stream, block) +
                            raw_http2.frame(raw_http2.DATA, 0, client.stream, body))
            except OSError:
                break
    return clients


@pytest.mark.skipif(SLOW > 1, reason="sanitizers keep freed memory")
def test_memory_of_clients_that_have_gone_is_given_back(server, transport):
    port = int(server.trusted_address.rsplit(":", 1)[1])
    before = resident(server)
    for _ in range(2):
        clients = half_calls(port)
        if transport == "grpc":
            until(lambda: resident(server) > before + BURST_BYTES)
        for client in clients:
            client.close()
        until(lambda: resident(server) < before + LEFT_BYTES, seconds=60)
