"""The typed keys of WeChat's template messages: what each may hold, and how a value is made fit.

A key is a type and a number (`thing1`, `character_string12`). WeChat checks the value of each and
drops the whole message (47003) when one does not fit, so they are checked before they are sent.
Source of the limits: 公众平台, 模板消息, 类目模板消息的参数值内容限制说明.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"([a-z_]+?)(\d{1,2})")
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_MOMENT = rf"{_DAY}( {_CLOCK})?"
ELLIPSIS = "…"


class UnfitError(ValueError):
    """A value cannot be made to fit its key; `key` says which."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True)
class Type:
    """A type of key: the most characters, their form, and what is done to a value first."""

    most: int
    form: str
    mend: Callable[[str], str] = str.strip


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _cut(value: str) -> str:
    whole = _one_line(value)
    most = TYPES["thing"].most
    return whole if len(whole) <= most else whole[: most - 1].rstrip() + ELLIPSIS


def _without_blanks(value: str) -> str:
    return re.sub(r"\s", "", value)


def _plain_amount(value: str) -> str:
    """WeChat takes no commas between thousands."""
    return re.sub(r"[\s,，]", "", value)


def _plain_moment(value: str) -> str:
    """Blanks around 年, 月, 日 and ~ are ours; the one before the clock is WeChat's."""
    joined = re.sub(r"\s*([年月~])\s*", r"\1", value.strip())
    joined = re.sub(r"\s+日", "日", joined)
    return re.sub(r"日\s*(?=\d)", "日 ", joined)


TYPES: dict[str, Type] = {
    "thing": Type(20, r".{1,20}", _cut),
    "number": Type(32, r"(?=.{1,32}$)-?\d+(\.\d+)?", _without_blanks),
    "letter": Type(32, r"[A-Za-z]{1,32}"),
    "symbol": Type(5, r"[^\w\s]{1,5}"),
    "character_string": Type(32, r"[!-~]{1,32}", _without_blanks),
    "time": Type(64, rf"({_CLOCK}(~{_CLOCK})?)|({_MOMENT}(~({_MOMENT}|{_CLOCK}))?)", _plain_moment),
    "date": Type(64, rf"{_MOMENT}(~({_MOMENT}|{_CLOCK}))?", _plain_moment),
    "amount": Type(13, r"[¥￥$€£]?-?\d{1,10}(\.\d{1,2})?元?", _plain_amount),
    "phone_number": Type(17, r"[\d+\-() *]{1,17}"),
    "car_number": Type(8, r"[一-鿿A-Z0-9][A-Z0-9]{1,6}[一-鿿A-Z0-9]", _without_blanks),
    "name": Type(20, r"[一-鿿*·]{1,10}|[ -~]{1,20}", _one_line),
    "phrase": Type(5, r"[一-鿿]{1,5}", _without_blanks),
    "const": Type(20, r".{1,20}", _one_line),
}
"""By type. `const` is one of a list that stands in the template, which we cannot see."""


def type_of(key: str) -> Type:
    """The type of a key. Raises UnfitError for a key that WeChat does not have."""
    named = _NAME.fullmatch(key)
    if named is None or named[1] not in TYPES:
        raise UnfitError(key)
    return TYPES[named[1]]


def most(key: str) -> int:
    """The most characters of a key. Raises UnfitError."""
    return type_of(key).most


def fit(key: str, value: str) -> str:
    """The value as WeChat takes it: a `thing` that is too long is cut, needless blanks go.

    Raises UnfitError for what cannot be mended.
    """
    known = type_of(key)
    mended = known.mend(value)
    if not re.fullmatch(known.form, mended):
        raise UnfitError(key)
    return mended


def fitted(words: Mapping[str, str]) -> dict[str, str]:
    """All keys of a message. Raises UnfitError for the first that does not fit."""
    return {key: fit(key, value) for key, value in words.items()}
