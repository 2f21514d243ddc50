import os

import pytest

from runtime import clock
from runtime.files import draft


def test_a_file_stands_in_its_place_once_it_is_whole(tmp_path):
    final = tmp_path / "day.csv"
    final.write_text("old")
    with draft(final) as path:
        path.write_text("new")
        assert (path.parent, path.stat().st_mode & 0o777) == (tmp_path, 0o600)
        assert final.read_text() == "old"
    assert final.read_text() == "new"
    assert list(tmp_path.iterdir()) == [final]


def test_a_file_that_is_not_whole_leaves_nothing(tmp_path):
    final = tmp_path / "day.csv"
    final.write_text("old")

    def stop_half_way():
        with draft(final) as path:
            path.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_half_way()
    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    left, under_way = tmp_path / ".day.csv.a.part", tmp_path / ".day.csv.b.part"
    kept = tmp_path / "earlier.csv"
    for each in (left, under_way, kept):
        each.touch()
    for each, age in ((left, 86_500), (under_way, 86_300), (kept, 86_500)):
        os.utime(each, (0, clock.now().timestamp() - age))
    with draft(tmp_path / "day.csv"):
        pass
    assert sorted(tmp_path.iterdir()) == [under_way, tmp_path / "day.csv", kept]
