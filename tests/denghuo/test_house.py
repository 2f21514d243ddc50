"""What a house leaves on the disk is for its owner's eyes."""

from pathlib import Path

from denghuo.house import Place, log_file


def test_a_log_is_readable_by_nobody_else(tmp_path: Path) -> None:
    place = Place(tmp_path / "var")
    old = place.var / "log" / "web.log"
    old.parent.mkdir(parents=True)
    old.write_text("a line\n")
    old.chmod(0o644)
    for name in ("web", "worker"):
        path = log_file(place, name)
        assert path == place.var / "log" / f"{name}.log"
        assert path.stat().st_mode & 0o777 == 0o600
    assert old.read_text() == "a line\n"
