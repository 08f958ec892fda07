"""The servers that are measured, and the load on them."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

HTTP_HEADERS = {
    ":authority": "api.example.com", ":method": "GET", ":path": "/api/v1/users/42", ":scheme": "https",
    "accept": "application/json", "accept-encoding": "gzip, deflate, br", "accept-language": "en-US,en;q=0.9",
    "cache-control": "no-cache", "content-type": "application/json", "user-agent": "example-client/2.31.0",
    "x-envoy-internal": "true", "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https",
    "x-request-id": "5f0d2a6e-7a0f-4a8e-9d0e-2a9b3c1d4e5f"}
REVOCABLE = 20000


def field(number, value):
    """A protobuf field of bytes."""
    value = value.encode() if isinstance(value, str) else value
    size = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
    return bytes([number << 3 | 2]) + size + value


def ext_authz_request(token):
    """Envoy's question about a request of 15 headers, in some 600 bytes."""
    headers = {**HTTP_HEADERS, "authorization": f"Bearer {token}"}
    http = field(2, "GET") + b"".join(field(3, field(1, name) + field(2, value)) for name, value in headers.items())
    http += field(4, "/api/v1/users/42") + field(5, "api.example.com")
    source = field(1, field(1, field(2, "192.0.2.7")))
    context = field(10, field(1, "scope") + field(2, "users.read"))
    return field(1, field(1, source) + field(4, field(2, http)) + context)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Target:
    """A listener that is measured."""

    def __init__(self, name, port, pid, keys=1000, floor=False):
        self.name, self.port, self.pid, self.keys, self.floor = name, port, pid, keys, floor

    def memory_mib(self):
        """Resident and anonymous: the pages of the store are not in it."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) / 1024


class Bench:
    """Starts each server when it is first asked for; end() ends them all."""

    def __init__(self, build, stores):
        self.programs = build / "tests"
        self.binary = build / "src" / "bitting"
        self.stores = stores
        self.processes = []
        self.started = {}

    def spawn(self, *words, **more):
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process

    def wait(self, process, port):
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                assert process.poll() is None, f"{process.args[0]} ended"
                assert time.monotonic() < deadline, f"{process.args[0]} does not listen"
                time.sleep(0.05)

    def fill(self, data, keys, *words):
        done = subprocess.run([self.programs / "fill_store", "--data", data, "--keys", str(keys), *map(str, words)],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def store(self, keys, owned=False):
        """A filled store; with owned, of personal keys of a tenth as many users, and 100,000 others that are blocked."""
        data = self.stores / (f"{keys}-owned" if owned else str(keys))
        if not data.exists():
            self.fill(data, keys, *(["--users", keys // 10, "--blocked", 100000] if owned else []))
        return data

    def first_token(self):
        """The token of key 0, which is the same in every store."""
        file = self.stores / "tokens"
        if not file.exists():
            self.fill(self.stores / "one", 1, "--tokens", file)
        return file.read_text(encoding="ascii").split()[0]

    def floor(self, transport):
        name = f"floor {transport}"
        if name not in self.started:
            port = free_port()
            process = self.spawn(self.programs / f"floor_{transport}", port, 1)
            self.wait(process, port)
            self.started[name] = Target(name, port, process.pid, floor=True)
        return self.started[name]

    def serve(self, transport, keys):
        """One process serves all transports, a worker each, since a store has one server."""
        name = f"{transport} {keys:,} keys"
        if name not in self.started:
            data, ports = self.store(keys), [free_port() for _ in range(5)]
            process = self.spawn(self.binary, "serve", "--data", data, "--grpc-trusted", f"h2:127.0.0.1:{ports[0]}",
                                 "--grpc-trusted", f"127.0.0.1:{ports[1]}", "--grpc", f"h2:127.0.0.1:{ports[2]}",
                                 "--grpc", f"127.0.0.1:{ports[3]}", "--http", f"127.0.0.1:{ports[4]}",
                                 "--environment", "test", "--workers", 1)
            for lane, port in zip(("h2", "grpc", "guarded h2", "guarded grpc", "http"), ports):
                self.wait(process, port)
                self.started[f"{lane} {keys:,} keys"] = Target(f"{lane} {keys:,} keys", port, process.pid, keys)
            # So many draws that nearly every page has been read once.
            self.load(self.started[f"h2 {keys:,} keys"], 0.2 + keys / 800000)
        return self.started[name]

    def load_words(self, target, seconds, flags):
        program = flags.get("program", "load_h2")
        common = {"connections": 8, "keys": target.keys, "pid": target.pid}
        common |= {"streams": 16} if program == "load_h2" else {}
        flags = {**common, **{name: value for name, value in flags.items() if name != "program"}}
        if target.floor:
            kept = {name: value for name, value in flags.items() if name not in ("begins", "path")}
            flags = {**kept, "ask": "any"}  # whatever is asked, it answers CheckScope
        words = [self.programs / program, "--port", target.port, "--seconds", seconds]
        for name, value in flags.items():
            words += [f"--{name}"] if value is True else [f"--{name}", value]
        return [str(word) for word in words]

    def load(self, target, seconds, **flags):
        """What load_h2 measured. It ends this program where an answer was wrong."""
        done = subprocess.run(self.load_words(target, seconds, flags), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{target.name}: {done.stdout}{done.stderr}"
        return {**json.loads(done.stdout), "memory_mib": target.memory_mib()}

    def revocable(self, keys):
        """Adds keys that have never been revoked to a store; returns their seed, and a token that may revoke them."""
        data, seed = self.store(keys), int(time.time())
        self.fill(data, REVOCABLE, "--seed", seed)
        made = subprocess.run([self.binary, "key", "create", "--data", data, "--env", "test", "--name", "bench",
                               "--scope", "apikeys.revoke", "--json"], capture_output=True, text=True, check=True)
        return seed, json.loads(made.stdout)["token"]

    def revoker(self, transport, keys, seed, token):
        """A function that starts 100 revocations a second, over the guarded listener, for so many seconds."""
        self.serve(transport, keys)
        guarded = self.started[f"guarded {transport} {keys:,} keys"]
        flags = {"keys": REVOCABLE, "seed": seed, "ask": "revoke", "rate": 100, "connections": 1,
                 "path": "/bitting.v1.KeyService/RevokeKey"}
        return lambda seconds: self.spawn(*self.load_words(guarded, seconds, flags),
                                          env={**os.environ, "BITTING_BENCH_CREDENTIAL": token})

    def library(self, keys, owned=False):
        data = self.store(keys, owned)
        words = ["--users", str(keys // 10)] if owned else []
        done = subprocess.run([self.programs / "bench_library", "--data", data, "--keys", str(keys), "--json", *words],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(60)
