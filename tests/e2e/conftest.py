"""Fixtures of the end-to-end tests. A test that takes `server` or `transport` runs once for each transport:
BITTING_TRANSPORTS names them (both, unless told)."""
import importlib
import os
import types

import pytest

import support
from echo import Echo

TRANSPORTS = os.environ.get("BITTING_TRANSPORTS", "grpc,h2").split(",")


@pytest.fixture(scope="session")
def protos(tmp_path_factory):
    """check, key, owner, scope: the modules of bitting.v1; check_grpc, ...: their stubs."""
    support.compile_protos(tmp_path_factory.mktemp("protos"))
    names = {"check": "check_pb2", "key": "key_pb2", "check_grpc": "check_pb2_grpc",
             "key_grpc": "key_pb2_grpc", "scope": "scope_pb2", "scope_grpc": "scope_pb2_grpc",
             "owner": "owner_pb2", "owner_grpc": "owner_pb2_grpc"}
    return types.SimpleNamespace(
        **{name: importlib.import_module(f"bitting.v1.{module}") for name, module in names.items()})


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture
def new_server(tmp_path, transport):
    """A factory: new_server(name="data", flags=[...], ...) gives a started Server. Each is asked to stop at
    the end of the test, and has to stop well."""
    servers = []

    def make(name="data", **more):
        server = support.Server(tmp_path / name, transport=transport, **more)
        servers.append(server)
        return server.start()

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(new_server):
    return new_server()


@pytest.fixture
def checks(server, protos):
    """CheckService on the trusted listener."""
    return protos.check_grpc.CheckServiceStub(server.trusted())


@pytest.fixture
def keys(server, protos):
    """KeyService on the guarded listener; calls need `metadata=support.bearer(token)`."""
    return protos.key_grpc.KeyServiceStub(server.guarded())


@pytest.fixture
def echo(tmp_path, transport):
    """A factory: echo(calls=8) is tests/programs/echo_<transport> --calls 8. Each must stop well."""
    servers = []

    def make(address="127.0.0.1:0", **flags):
        servers.append(Echo(tmp_path, address, transport=transport, **flags))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
