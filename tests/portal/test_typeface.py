"""A font of a few letters: the same shapes and widths as in the whole font, and nothing else."""

from io import BytesIO
from pathlib import Path

import pytest
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

from portal.assets import STATIC
from portal.typeface import Typeface, typeface

WHOLE = STATIC / "vendor" / "NotoSansSC-Regular.ttf"


def outline(font: TTFont, letter: str) -> list[object]:
    shapes, pen = font.getGlyphSet(), RecordingPen()
    shapes[font.getBestCmap()[ord(letter)]].draw(pen)
    recorded: list[object] = pen.value
    return recorded


def width(font: TTFont, letter: str) -> int:
    measures: tuple[int, int] = font["hmtx"][font.getBestCmap()[ord(letter)]]
    return measures[0]


def test_the_letters_are_those_of_the_whole_font() -> None:
    letters = "电费¥0a, 㳇"
    made = BytesIO(typeface(WHOLE).cut(letters))
    with TTFont(WHOLE, lazy=True) as whole, TTFont(made) as cut:
        assert set(cut.getBestCmap()) == {ord(letter) for letter in letters}
        for letter in letters:
            assert outline(cut, letter) == outline(whole, letter)
            assert width(cut, letter) == width(whole, letter)
        assert cut["OS/2"].usWeightClass == whole["OS/2"].usWeightClass


def test_what_the_font_does_not_know_is_left_out() -> None:
    with TTFont(BytesIO(typeface(WHOLE).cut("电\ue000"))) as cut:
        assert set(cut.getBestCmap()) == {ord("电")}


def test_a_missing_font_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.ttf is missing; `npm ci"):
        Typeface(tmp_path / "gone.ttf")
