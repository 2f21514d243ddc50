"""What the scanner reads is the number: the drawing is decoded by the rules of Code 128."""

import re

import pytest

from portal.pay import barcode, qr

START_C, STOP = "11010011100", "1100011101011"
MODULES = """
11011001100 11001101100 11001100110 10010011000 10010001100 10001001100 10011001000 10011000100
10001100100 11001001000 11001000100 11000100100 10110011100 10011011100 10011001110 10111001100
10011101100 10011100110 11001110010 11001011100 11001001110 11011100100 11001110100 11101101110
11101001100 11100101100 11100100110 11101100100 11100110100 11100110010 11011011000 11011000110
11000110110 10100011000 10001011000 10001000110 10110001000 10001101000 10001100010 11010001000
11000101000 11000100010 10110111000 10110001110 10001101110 10111011000 10111000110 10001110110
11101110110 11010001110 11000101110 11011101000 11011100010 11011101110 11101011000 11101000110
11100010110 11101101000 11101100010 11100011010 11101111010 11001000010 11110001010 10100110000
10100001100 10010110000 10010000110 10000101100 10000100110 10110010000 10110000100 10011010000
10011000010 10000110100 10000110010 11000010010 11001010000 11110111010 11000010100 10001111010
10100111100 10010111100 10010011110 10111100100 10011110100 10011110010 11110100100 11110010100
11110010010 11011011110 11011110110 11110110110 10101111000 10100011110 10001011110 10111101000
10111100010 11110101000 11110100010 10111011110 10111101110 11101011110 11110101110
"""
"""ISO/IEC 15417, the modules of the values 0 to 102."""

PATTERNS = MODULES.split()


def read(drawing: str) -> str:
    """The digits of a Code 128 in set C. Fails on a quiet zone or a check sum that is not right."""
    width = int(re.search(r'viewBox="0 0 (\d+) ', drawing)[1])  # type: ignore[index]
    modules = ["0"] * width
    for at, wide in re.findall(r"M(\d+) 0h(\d+)v40", drawing):
        modules[int(at) : int(at) + int(wide)] = "1" * int(wide)
    line = "".join(modules)
    assert line[:10] == line[-10:] == "0" * 10, "quiet on both sides"
    line = line[10:-10]
    assert line.startswith(START_C)
    assert line.endswith(STOP)
    body = line[len(START_C) : -len(STOP)]
    values = [PATTERNS.index(body[at : at + 11]) for at in range(0, len(body) - 11, 11)]
    total = 105 + sum(place * value for place, value in enumerate(values, 1))
    assert PATTERNS[total % 103] == body[-11:], "the check sum"
    return "".join(f"{value:02d}" for value in values)


@pytest.mark.parametrize(
    "number", ["9211565900277265", "0000000000000002", "4829137752064188", "1999999999999999"]
)
def test_the_bars_are_the_number(number: str) -> None:
    assert read(barcode.drawn(number)) == number


def test_a_number_that_would_be_drawn_wrong_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="begins with 99"):
        barcode.drawn("9911565900277265")


def test_the_drawings_are_marks_alone() -> None:
    for drawing in (barcode.drawn("9211565900277265"), qr.drawn("9211565900277265")):
        assert drawing.startswith("<svg ")
        assert "9211565900277265" not in drawing
        assert "<text" not in drawing
