"""./deploy/quickstart, on the build under test: what a newcomer sees, and that it can fail."""
import os
import pathlib
import subprocess

import pytest

import support

QUICKSTART = support.ROOT / "deploy" / "quickstart"


def quickstart(build, tmp_path, *words):
    return subprocess.run([QUICKSTART, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300 * support.SLOW, stdin=subprocess.DEVNULL,
                          env=support.clean_environment(BITTING_BUILD=str(build), TMPDIR=str(tmp_path)))


def running_in(folder):
    """Process ids of servers whose data lies in the folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = process.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "serve" in words and any(word.startswith(str(folder)) for word in words):
            found.append(int(process.parent.name))
    return found


def test_it_shows_each_answer_and_leaves_nothing(tmp_path):
    done = quickstart(support.BUILD, tmp_path)
    assert done.returncode == 0, done.stdout
    for line in ["pipeline    users.read                     allowed",
                 "pipeline    users.create                   denied MISSING_SCOPE users.create",
                 "support     users.delete                   denied MISSING_SCOPE users.delete",
                 "pipeline    users.read                     denied REVOKED"]:
        assert line in done.stdout
    assert "bt_test_" not in done.stdout
    assert running_in(tmp_path) == [] and list(tmp_path.iterdir()) == []


def test_keep_leaves_the_server_and_says_how_to_stop_it(tmp_path):
    done = quickstart(support.BUILD, tmp_path, "--keep")
    assert done.returncode == 0, done.stdout
    running = running_in(tmp_path)
    assert len(running) == 1 and f"kill {running[0]}" in done.stdout
    os.kill(running[0], 15)


@pytest.mark.parametrize("words, code", [(["--help"], 0), (["--kepe"], 2)])
def test_help_is_a_failure_or_a_typing_error_none(tmp_path, words, code):
    done = quickstart(support.BUILD, tmp_path, *words)
    assert done.returncode == code and "--keep" in done.stdout and "==" not in done.stdout


@pytest.mark.parametrize("lie", ["exit 0", "exit 1", "exit 2"])
def test_it_fails_when_an_answer_is_not_the_expected_one(tmp_path, lie):
    """A build whose program is ours, but for its checks."""
    build = tmp_path / "build"
    (build / "src").mkdir(parents=True)
    (build / "CMakeCache.txt").write_text("CMAKE_GENERATOR:INTERNAL=Ninja\nCMAKE_PROJECT_NAME:STATIC=bitting\n"
                                          "CMAKE_MAKE_PROGRAM:FILEPATH=ninja\n")
    (build / "build.ninja").write_text("build bitting: phony\n")
    program = build / "src" / "bitting"
    program.write_text(f'#!/bin/sh\n[ "$1" = check ] && {lie}\nexec {support.BINARY} "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "data"
    folder.mkdir()
    done = quickstart(build, folder)
    assert done.returncode != 0 and "expected" in done.stdout
    assert running_in(folder) == []
