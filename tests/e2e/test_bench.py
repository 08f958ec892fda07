"""The benchmark still runs, and its answers are the right ones; what it measures here means nothing."""
import json
import subprocess

import pytest

import support


@pytest.mark.skipif(support.SLOW != 1, reason="sanitized programs are not measured")
def test_the_benchmark_gives_a_table_of_each_part(tmp_path):
    parts = ["closed", "revocations", "ext_authz", "batch", "forward_auth"]
    words = [word for part in parts for word in ("--part", part)]
    done = subprocess.run([support.ROOT / "tests/bench/run", "--build", support.BUILD, "--stores", tmp_path / "stores",
                           "--out", tmp_path / "out", "--keys", "1000", "--rounds", "1", "--seconds", "0.1", *words],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert list(report) == parts
    for part in report.values():
        for figures in part["rows"].values():
            assert all(figures[name][0] > 0 for name in part["figures"])
    assert "| h2, 1,000 keys: CPU of the bare nghttp2 server's |" in done.stdout
