"""Makes libbitting._native from the public header itself, so that the two cannot drift apart, and links
libbitting.a into it. ./build-wheel says where both are."""
import os
import pathlib
import re
import subprocess

import cffi

LIBRARY = os.environ["BITTING_STATIC_LIBRARY"]
INCLUDE = os.environ["BITTING_INCLUDE"]


def declarations(header):
    """What cffi can read of the header: types, functions and constants that are numbers."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    numbers = dict(re.findall(r"^#define (BITTING_\w+) (\d+) *$", text, flags=re.M))
    inside = text.split('extern "C" {')[1].rsplit("}", 1)[0]
    inside = re.sub(r"^#.*$", "", inside, flags=re.M).replace("BITTING_API ", "")
    inside = re.sub(r"\[(\w+)\]", lambda size: f"[{numbers[size.group(1)]}]", inside)
    return "".join(f"#define {name} {value}\n" for name, value in numbers.items()) + inside


def link_flags():
    flags = subprocess.run(["pkg-config", "--libs", "lmdb", "libsodium", "libprotobuf-c"], check=True,
                           capture_output=True, text=True).stdout
    return [LIBRARY, *flags.split(), "-pthread"]


builder = cffi.FFI()
builder.cdef(declarations((pathlib.Path(INCLUDE) / "bitting" / "bitting.h").read_text(encoding="utf-8")))
builder.set_source("libbitting._native", "#include <bitting/bitting.h>", include_dirs=[INCLUDE],
                   extra_link_args=link_flags())
