"""tests/programs/echo_<transport>: a transport with methods that try it."""
import os
import pathlib
import re
import signal
import subprocess
import time

import grpc

import support

PROGRAMS = pathlib.Path(os.environ.get("BITTING_BUILD", "")) / "tests"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"


class Echo:
    """Flags are given as keywords: calls=8 is --calls 8."""

    def __init__(self, tmp_path, address="127.0.0.1:0", hard_limit=None, transport="grpc", **flags):
        words = [str(PROGRAMS / f"echo_{transport}"), address]
        for name, value in flags.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        if hard_limit:
            words = ["prlimit", f"--nofile={hard_limit}:{hard_limit}", *words]
        self.address = address
        self.log_file = tmp_path / f"echo-{time.monotonic_ns()}.log"
        self.channels = []
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.split()[1]) if line.startswith("port ") else 0
        if self.port:
            self.address = re.sub(r":\d+$", f":{self.port}", address)

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def channel(self, credentials=None, **options):
        """A connection of its own."""
        items = [(name.replace("__", "."), value) for name, value in options.items()]
        items.append(("grpc.use_local_subchannel_pool", 1))
        channel = (grpc.secure_channel(self.address, credentials, items) if credentials
                   else grpc.insecure_channel(self.address, items))
        self.channels.append(channel)
        return channel

    def call(self, method, message=b"", channel=None, **more):
        """One unary call of bytes; the answer's bytes."""
        path = method if method.startswith("/") else f"/test.Echo/{method}"
        return (channel or self.first()).unary_unary(path)(message, timeout=30 * support.SLOW, **more)

    def status(self, method, message=b"", channel=None, **more):
        """(code, text) of a call that must fail."""
        try:
            answer = self.call(method, message, channel, **more)
        except grpc.RpcError as error:
            return error.code(), error.details()
        raise AssertionError(f"{method} succeeded: {answer[:100]!r}")

    def first(self):
        return self.channels[0] if self.channels else self.channel()

    def lives(self):
        """Answers a client that comes now."""
        channel = self.channel()
        assert self.call("Echo", b"alive", channel) == b"alive"
        channel.close()

    def resident(self):
        """Bytes of anonymous memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def let_go(self):
        self.process.send_signal(signal.SIGUSR1)

    def end(self):
        """Asks it to end; does not wait."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self):
        code = self.process.wait(30 * support.SLOW)
        assert not support.SANITIZER.search(self.log()), self.log()
        return code

    def stop(self):
        for channel in self.channels:
            channel.close()
        if self.process.poll() is None:
            self.let_go()
            self.end()
            assert self.wait() == 0, self.log()
        self.process.stdout.close()


def until(condition, seconds=20):
    """Waits for a condition that has to come true."""
    deadline = time.monotonic() + seconds * support.SLOW
    while not condition():
        assert time.monotonic() < deadline, "did not come true"
        time.sleep(0.01)
