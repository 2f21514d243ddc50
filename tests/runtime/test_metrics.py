"""Figures, also of several processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import metrics


def test_the_same_name_is_the_same_figure() -> None:
    first = metrics.counter("test_things", "Things", ["kind"])
    first.labels("a").inc(2)
    assert metrics.counter("test_things", "Things", ["kind"]) is first
    assert 'test_things_total{kind="a"} 2.0' in metrics.exposition().decode()
    with pytest.raises(ValueError, match="test_things is already in use"):
        metrics.gauge("test_things", "Things")


def test_a_duration_falls_into_its_bucket() -> None:
    metrics.histogram("test_seconds", "Seconds").observe(0.3)
    shown = metrics.exposition().decode()
    assert 'test_seconds_bucket{le="0.25"} 0.0' in shown
    assert 'test_seconds_bucket{le="0.5"} 1.0' in shown


_PROCESSES = """
import os, sys
from pathlib import Path
os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
sys.path.insert(0, sys.argv[2])
import importlib
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from runtime import metrics
metrics.share_figures(Path(sys.argv[1]))
made = metrics.counter("test_made", "Made")
for _ in range(3):
    child = os.fork()
    if child == 0:
        made.inc(2)
        os._exit(0)
    os.waitpid(child, 0)
    metrics.forget_process(child)
made.inc()
print(metrics.exposition().decode())
"""


def test_figures_of_several_processes_are_added_up(tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"left over")
    done = subprocess.run(
        [sys.executable, "-c", _PROCESSES, str(folder), os.getcwd()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "test_made_total 7.0" in done.stdout
