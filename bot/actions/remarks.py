"""What is said to a request beside its answers: more of what happened, a plea, a photo."""

import re
from datetime import date

from actions import fields
from actions.answers import is_question
from actions.drafting import FAULT, noted
from actions.forms import Draft
from actions.messages import Said

TOLD, TOLD_ANEW = 8, 16
"""Letters from which a message tells more of a fault; where it names another account, or agrees."""
PLEA = 5
"""Letters from which a no says what is the matter."""

_PHOTO = re.compile(r"照片|相片|图片|截图|拍了|拍照|拍的|photo|picture", re.IGNORECASE)
_GIVE = re.compile(r"给|发|传|交|放|怎么|咋|哪|send|upload|attach|give|where|how", re.IGNORECASE)
_SENT = re.compile(
    r"(?:传|发|加)(?:好|完|上去|上|过|给|你们?|您)*了|\b(?:uploaded|sent|added)\b", re.IGNORECASE
)
_CORRECTS = re.compile(
    r"不对|不是|错|改|反了|有误|换|不行|不要|不用|不想|不填|别|再|等|不(?:办|报|交)|"
    r"\b(?:wrong|change|no|not|wait)\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"不填|不写|跳过|略过|空着|不知道|不晓得|不清楚|说不清|说不准|不懂|没数|随便|你们(?:看|算|定)|"
    r"\b(?:skip|not sure|no idea|don't know|leave it (?:empty|open))\b",
    re.IGNORECASE,
)
_AS_IT_IS = re.compile(r"(?:都?不用?改|不用?填|没要改|no changes?).{0,3}", re.IGNORECASE)
_FILE = re.compile(r"提交|报上去|\b(?:file|submit)\b", re.IGNORECASE)


def is_of_photos(said: Said) -> bool:
    """Whether somebody has a photo to give."""
    return bool(_PHOTO.search(said.typed) and _GIVE.search(said.typed))


def has_sent(said: Said) -> bool:
    """Whether somebody says that the photos are there: 照片传好了."""
    return bool(_SENT.search(said.typed)) and not is_question(said.typed)


def is_left_open(said: Said) -> bool:
    """Whether a question is left open: 不填, 不清楚."""
    return said.chosen == "skip" or bool(_OPEN.search(said.typed))


def is_right_as_it_is(said: Said) -> bool:
    """Whether nothing is to be changed after all."""
    return bool(_AS_IT_IS.fullmatch(said.typed))


def says_file(said: Said) -> bool:
    """Whether a yes says what is to be done; nothing has changed since that was shown."""
    return bool(_FILE.search(said.typed))


def told_instead(said: Said, draft: Draft, today: date, own: frozenset[str]) -> Draft:
    """The draft with what an answer tells that is none to the question."""
    plain = [each for each in draft["fields"] if each["type"] in ("number", "phone")]
    learned = fields.learned(plain, said, today) if said.typed else {}
    new = {name: value for name, value in learned.items() if name not in draft["values"]}
    told = draft | {"values": draft["values"] | new}
    return noted(told, said.typed) if _tells_more(said, draft, own, TOLD) and not new else told


def told_beside(said: Said, before: Draft, after: Draft, own: frozenset[str]) -> Draft:
    """The draft after an answer, with a plea, or with what the answer tells of a fault."""
    if before["step"] == "confirm" and after["step"] == "change" and _is_plea(said):
        told = noted(after, said.typed)
        return after if told == after else told | {"step": None}
    changed = [
        each
        for each in after["fields"]
        if after["values"].get(each["name"]) != before["values"].get(each["name"])
    ]
    agreed = before["step"] in ("offer", "outage")
    moved = after["account_no"] != before["account_no"]
    is_one = _tells_more(
        said, before, own if not changed else None, TOLD_ANEW if agreed or moved else TOLD
    )
    titles = [one["title"] for each in changed for one in each["choices"] or []]
    told_all = said.typed in titles or any(each["type"] != "choice" for each in changed)
    return noted(after, said.typed) if is_one and not told_all else after


def _tells_more(said: Said, draft: Draft, own: frozenset[str] | None, least: int) -> bool:
    """Whether a message tells more of a fault; one that answered may sound like anything."""
    is_of_it = draft["kind"] == FAULT and (own is None or said.intent in own)
    return is_of_it and fields.letters(said.typed) >= least and not is_question(said.typed)


def _is_plea(said: Said) -> bool:
    return fields.letters(said.typed) >= PLEA and not _CORRECTS.search(said.typed)
