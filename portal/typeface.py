"""A typeface cut down to the letters of one paper.

A Chinese font has thirty thousand shapes, and a bill needs two hundred. Where the shapes stand is
read once for each process; a font of a few letters is then made in hundredths of a second.
"""

from array import array
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph

BOX = ("xMin", "yMin", "xMax", "yMax")
MISSING = ".notdef"
"""The shape of a letter that the font does not know."""


class Typeface:
    """A TrueType font whose shapes are simple, as those of Han letters are.

    Raises FileNotFoundError for a file that has not been brought yet.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"{path.name} is missing; `npm ci && npm run build` brings it")
        self._path = path
        with TTFont(path, lazy=True) as font:
            count = font["maxp"].numGlyphs
            font.setGlyphOrder([str(number) for number in range(count)])
            self._shapes = {letter: int(name) for letter, name in font.getBestCmap().items()}
            self._places: array[int] = font["loca"].locations
            self._start: int = font.reader.tables["glyf"].offset
            spaces = font["hmtx"].metrics
            self._spaces = [spaces[str(number)] for number in range(count)]
            self._name = font["name"].getBestFullName()
            self._units = font["head"].unitsPerEm
            self._box = {side: getattr(font["head"], side) for side in BOX}
            self._lines = {"ascent": font["hhea"].ascent, "descent": font["hhea"].descent}
            self._weight = font["OS/2"].usWeightClass
            self._capitals = font["OS/2"].sCapHeight

    def cut(self, letters: Iterable[str]) -> bytes:
        """A font file of these letters; those it does not know become an empty box."""
        known = {ord(letter): self._shapes.get(ord(letter), 0) for letter in letters}
        shapes = {MISSING: 0} | {f"s{number}": number for number in known.values() if number}
        names = {number: name for name, number in shapes.items()}
        font = FontBuilder(self._units, isTTF=True)
        font.font.recalcBBoxes = False  # shapes are passed on as they are, and never unpacked
        font.updateHead(**self._box)
        font.setupGlyphOrder([*shapes])
        font.setupCharacterMap({each: names[number] for each, number in known.items() if number})
        with self._path.open("rb") as file:
            drawn = {name: self._shape(file, number) for name, number in shapes.items()}
        font.font["loca"], font.font["glyf"] = newTable("loca"), newTable("glyf")
        font.font["glyf"].glyphs, font.font["glyf"].glyphOrder = drawn, [*shapes]
        font.setupHorizontalMetrics({name: self._spaces[number] for name, number in shapes.items()})
        font.setupHorizontalHeader(**self._lines)
        font.setupNameTable({"fullName": self._name, "psName": self._name.replace(" ", "")})
        font.setupOS2(usWeightClass=self._weight, sCapHeight=self._capitals)
        font.setupPost(keepGlyphNames=False)
        made = BytesIO()
        font.save(made)
        return made.getvalue()

    def _shape(self, file: BinaryIO, number: int) -> Glyph:
        first, after = self._places[number], self._places[number + 1]
        file.seek(self._start + first)
        return Glyph(file.read(after - first))


@cache
def typeface(path: Path) -> Typeface:
    """The typeface of a file, read once."""
    return Typeface(path)
