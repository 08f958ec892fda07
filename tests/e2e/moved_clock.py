"""A clock for a server that stands still until a test moves it: see tests/clock/clock_shim.c."""
import mmap
import struct
import time

import support

SHIM = support.BUILD / "tests" / "libclock_shim.so"


class MovedClock:
    def __init__(self, path):
        path.write_bytes(struct.pack("<q", int(time.time() * 1000)))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)
        self.variables = {"LD_PRELOAD": str(SHIM), "CLOCK_FILE": str(path)}

    @property
    def now_ms(self):
        return struct.unpack("<q", self.map)[0]

    @now_ms.setter
    def now_ms(self, now_ms):
        self.map[:] = struct.pack("<q", now_ms)

    def move(self, ms):
        self.now_ms = self.now_ms + ms
