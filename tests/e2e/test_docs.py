"""The documentation is true: every block of commands in it is run, and what it says they print is compared.

A fenced block is one of
  ```sh                    run by bash, which stops at the first command that fails
  ```sh server             run in the background, until `bitting serve` says that it is ready
  ```sh if: TOOL           run where TOOL is installed, otherwise skipped and said
  ```sh not-run: REASON    not run; which ones those are is pinned below
  ```text output           what the block of commands before it printed on standard output
  ```LANGUAGE              no commands
Blocks of one page share a directory, a home and a server."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import support

PAGES = [support.ROOT / "README.md", support.ROOT / "SECURITY.md", support.ROOT / "CHANGELOG.md",
         *sorted((support.ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"text", "python", "proto", "json", "yaml", "ini", "mermaid", "c", "cpp", "go", "promql",
             "nginx", "caddyfile", "haproxy"}
NOT_RUN = {
    "docs/benchmarks.md": ["it takes some minutes and gigabytes of memory"],
    "docs/keys.md": ["one of its size is enough with all other tests"] * 2,
    "docs/envoy.md": ["deploy/envoy/demo does this with Envoy in front"],
    "docs/nginx.md": ["nginx and the API are needed"],
    "docs/caddy.md": ["Caddy and the API are needed"],
    "docs/haproxy.md": ["HAProxy and the API are needed"],
    "docs/traefik.md": ["Traefik is needed"],
    "docs/routes.md": ["the server would need a proxy in front"],
    "README.md": ["the quickstart has a test of its own", "it is what runs this"],
    "docs/operations.md": ["it installs into the system", "it needs the system service"],
    "docs/quickstart.md": ["the tests run what they have built"],
    "docs/architecture.md": ["it takes a quarter of an hour and more", "it installs programs",
                             "it takes as long as it is given"],
}
PORTS = ("9494", "9495")


def name(page):
    return str(page.relative_to(support.ROOT))


def blocks(page):
    """(what the fence says, the text, the number of its first line)"""
    found, start, info, text = [], 0, "", []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("```"):
            text.append(line)
        elif start:
            found.append((info, "\n".join(text) + "\n", start))
            start = 0
        else:
            start, info, text = number, line[3:].strip(), []
    assert not start, f"{name(page)}:{start}: the block has no end"
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Page:
    """Runs the blocks of a page. The ports that the documentation names are replaced by free ones."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = {port: free_port() for port in PORTS}
        self.servers = []
        binaries = folder / "bin"
        binaries.mkdir()
        (binaries / "bitting").symlink_to(support.BINARY)
        path = f"{binaries}:{os.environ['PATH']}:{pathlib.Path.home()}/go/bin"
        self.environment = support.clean_environment(
            PATH=path, HOME=str(folder), BITTING_GRPC=f"127.0.0.1:{self.ports['9494']}",
            BITTING_HTTP=f"127.0.0.1:{self.ports['9495']}")
        self.environment.pop("XDG_STATE_HOME", None)

    def fitted(self, text):
        for port, free in self.ports.items():
            text = text.replace(port, free)
        return text

    def run(self, text):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", self.fitted(text)], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True, timeout=120 * support.SLOW,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{text}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serve(self, text):
        log = self.folder / f"server{len(self.servers)}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(["bash", "-euc", "exec " + self.fitted(text)], cwd=self.folder,
                                       env=self.environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        self.servers.append(process)
        deadline = time.monotonic() + support.START_SECONDS
        while not re.search(r" ready\b", log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline, f"{text}\n{log.read_text()}"
            time.sleep(0.01)

    def stop(self):
        for process in self.servers:
            process.send_signal(signal.SIGTERM)
            assert process.wait(support.STOP_SECONDS) == 0


@pytest.fixture
def runner(tmp_path):
    page = Page(tmp_path)
    yield page
    page.stop()


def same_but_for_dots(expected, printed):
    """... in what is expected stands for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL)


def missing_tool(info):
    tool = info.removeprefix("sh if: ")
    places = f"{os.environ['PATH']}:{pathlib.Path.home()}/go/bin"
    return None if shutil.which(tool, path=places) else tool


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_a_page_says_is_so(page, runner):
    printed, missing = "", set()
    for info, text, number in blocks(page):
        if info == "sh":
            printed = runner.run(text)
        elif info == "sh server":
            runner.serve(text)
        elif info.startswith("sh if: "):
            tool = missing_tool(info)
            missing |= {tool} if tool else set()
            printed = None if tool else runner.run(text)
        elif info == "text output" and printed is not None:
            assert same_but_for_dots(text, printed), f"{name(page)}:{number}: printed\n{printed}"
    if missing:
        pytest.skip(f"some blocks of {name(page)} were not run: no {', '.join(missing)}")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page):
    not_run = []
    for info, _, number in blocks(page):
        if info.startswith("sh not-run: "):
            not_run.append(info.removeprefix("sh not-run: "))
            continue
        known = info in {"sh", "sh server", "text output"} | LANGUAGES or info.startswith("sh if: ")
        assert known, f"{name(page)}:{number}: what is a block of \"{info}\"?"
    assert not_run == NOT_RUN.get(name(page), [])


def test_the_reference_is_what_the_program_says():
    made = subprocess.run([support.ROOT / "docs/make-reference", support.BINARY], capture_output=True, text=True,
                          check=True, env=support.clean_environment()).stdout
    assert (support.ROOT / "docs/reference.md").read_text(encoding="utf-8") == made, \
        "write it anew: docs/make-reference BITTING > docs/reference.md"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name(page)} links to {target}"
