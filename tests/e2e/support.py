"""The program under test, as a server and as a command, and its protocol in Python."""
import importlib
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import grpc
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("BITTING_BINARY", "")
BUILD = pathlib.Path(os.environ.get("BITTING_BUILD", ROOT / "build"))
RACES = "tsan" in BINARY
SLOW = 20 if "asan" in BINARY or RACES else 1
START_SECONDS = 30 * SLOW
STOP_SECONDS = 30 * SLOW
SANITIZER = re.compile(r"Sanitizer|runtime error:|DEADLYSIGNAL")


def clean_environment(**more):
    """Ours, without what would change how the program is called."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BITTING_")}
    # Many servers run side by side: each test that wants HTTP says so.
    return {**kept, "BITTING_HTTP": "none", **more}


def run(*words, token=None, variables=None, timeout=60 * SLOW, **more):
    """`bitting WORDS...`; the token goes to standard input."""
    done = subprocess.run([BINARY, *map(str, words)], input=token if token is not None else "",
                          env=clean_environment(**(variables or {})), capture_output=True, text=True,
                          timeout=timeout, **more)
    assert not SANITIZER.search(done.stderr), done.stderr
    assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
    return done


def compile_protos(out):
    """Python modules for everything in proto/, importable by the path of the .proto file."""
    files = sorted(str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto").rglob("*.proto"))
    well_known = importlib.util.find_spec("grpc_tools").submodule_search_locations[0] + "/_proto"
    failed = protoc.main(["protoc", f"-I{ROOT / 'proto'}", f"-I{well_known}", f"--python_out={out}",
                          f"--grpc_python_out={out}", *files])
    assert not failed, "protoc failed"
    sys.path.insert(0, str(out))
    for folder in pathlib.Path(out).iterdir():
        # `grpc` is a package already; ours then lies beside it.
        module = sys.modules.get(folder.name)
        if folder.is_dir() and module and hasattr(module, "__path__"):
            module.__path__.append(str(folder))


class Server:
    """`bitting serve` on a data directory, with a guarded and a trusted listener."""

    def __init__(self, data, transport="grpc", flags=(), variables=None, unix=False, http=False):
        self.data = pathlib.Path(data)
        self.transport = transport
        self.flags = [str(flag) for flag in flags]
        self.variables = variables or {}
        prefix = "" if transport == "grpc" else f"{transport}:"
        self.listen = ["--grpc", f"{prefix}127.0.0.1:0", "--grpc-trusted",
                       f"{prefix}unix:{self.data}/check.sock" if unix else f"{prefix}127.0.0.1:0"]
        if http:
            self.listen += ["--http", "127.0.0.1:0"]
        self.log_file = self.data.parent / f"{self.data.name}.log"
        self.process = None
        self.channels = []
        self.guarded_address = self.trusted_address = self.http_address = None

    def start(self):
        """Returns when the server says that it is ready."""
        with open(self.log_file, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", str(self.data), *self.listen, *self.flags], stderr=log,
                stdout=log, stdin=subprocess.DEVNULL, env=clean_environment(**self.variables))
        deadline = time.monotonic() + START_SECONDS
        while not re.search(r" ready\b", self.log()[begin:]):
            assert self.process.poll() is None, f"serve ended with {self.process.returncode}: {self.log()}"
            assert time.monotonic() < deadline, f"serve is not ready: {self.log()}"
            time.sleep(0.01)
        found = re.findall(r"listening address=(\S+) access=(\w+) transport=(\w+)", self.log()[begin:])
        addresses = {"http" if transport == "http" else access: address for address, access, transport in found}
        self.http_address = addresses.get("http")
        self.guarded_address = addresses.get("guarded")
        self.trusted_address = addresses.get("trusted")
        return self

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def channel(self, address, options=()):
        channel = grpc.insecure_channel(address, options=list(options))
        self.channels.append(channel)
        return channel

    def guarded(self):
        return self.channel(self.guarded_address)

    def trusted(self):
        return self.channel(self.trusted_address)

    def close_channels(self):
        for channel in self.channels:
            channel.close()
        self.channels = []

    def stop(self, signals=(signal.SIGTERM,)):
        """Asks it to end, and sees that it ends well."""
        self.close_channels()
        if self.process is None:
            return
        process, self.process = self.process, None
        for number in signals:
            process.send_signal(number)
        assert process.wait(STOP_SECONDS) == 0, f"serve ended with {process.returncode}: {self.log()}"
        assert not SANITIZER.search(self.log()), self.log()

    def kill(self):
        self.close_channels()
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def cli(self, *words, **more):
        """A command on this server's store."""
        return run(*words, "--data", self.data, **more)

    def create_key(self, name="key", scopes=(), env="test", **flags):
        """(token, key): by the command line, as the administrator."""
        words = ["key", "create", "--env", env, "--name", name, "--json"]
        words += ["--scope", ",".join(scopes)] if scopes else []
        for flag, value in flags.items():
            words += [f"--{flag.replace('_', '-')}", str(value)]
        done = self.cli(*words)
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        return made["token"], made["key"]


def bearer(token):
    """Metadata that carries a caller's key."""
    return (("authorization", f"Bearer {token}"),)
