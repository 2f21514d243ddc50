"""A whole turn of the chat over the assistant's bare understanding of the same text.

The turn is what a browser waits for: portal, Rasa, action, assistant API, reply, stored and drawn.
The floor is Rasa's own `/model/parse`. Both are asked in turns, of a whole house that does nothing
else. Then twenty conversations speak at once: none may go without the assistant's answer.
"""

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx

from denghuo.demo.furnish import furnish
from tests.house import House, standing_house
from tests.talking import Talker

TEXTS = (
    "上个月电费多少",
    "欠多少钱",
    "上个月用了多少度电",
    "现在电价是多少钱一度",
    "附近哪里停电",
    "how much do I owe",
    "营业厅在哪",
    "我的申请到哪一步了",
)
ROUNDS = 12
"""Turns of each conversation; below what one person may say in a minute."""

TOGETHER = 20


def main() -> None:
    """Print one JSON line with the ratio."""
    with standing_house() as house:
        residents = furnish(house.place, lambda _text: None, small=True)
        house.start_assistant()
        customers = [each.phone for each in residents if "Staff" not in each.note]
        print(json.dumps(measure(house, customers)))


def measure(house: House, phones: list[str]) -> dict[str, object]:
    """Seconds of turns and of the floor, in turns; then all at once."""
    browsers = [Talker(house, phone) for phone in phones]
    for browser, text in zip(browsers, cycle(TEXTS), strict=False):
        assert browser.say(text).from_assistant, text
    turns, floors = _in_turns(browsers, _parser(house))
    together = _together(house, phones)
    return {
        "name": "chat-turn",
        "value": round(median(turns) * 1000, 1),
        "floor": round(median(floors) * 1000, 1),
        "ratio": round(median(turns) / median(floors), 3),
        "unit": "ms",
        **together,
        "memory_mb": {name: _resident_mb(house, name) for name in ("assistant", "actions")},
    }


def _in_turns(
    browsers: list[Talker], parse: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    turns, floors = [], []
    for browser, text in _said(browsers):
        started = perf_counter()
        assert browser.say(text).from_assistant, text
        turns.append(perf_counter() - started)
        started = perf_counter()
        parse(text)
        floors.append(perf_counter() - started)
    return turns, floors


def _said(browsers: list[Talker]) -> Iterator[tuple[Talker, str]]:
    texts = cycle(TEXTS)
    for _ in range(ROUNDS):
        for browser in browsers:
            yield browser, next(texts)


def _parser(house: House) -> Callable[[str], None]:
    token = (house.place.var / "secrets" / "denghuo_assistant_token").read_text(encoding="utf-8")
    client = httpx.Client(base_url=house.place.assistant, timeout=30, trust_env=False)

    def parse(text: str) -> None:
        client.post("/model/parse", params={"token": token}, json={"text": text}).raise_for_status()

    return parse


def _together(house: House, phones: list[str]) -> dict[str, object]:
    """Twenty people, half a dozen messages each, all at the same time."""
    strangers: list[str | None] = [None] * (TOGETHER - len(phones))
    browsers = [Talker(house, phone) for phone in [*phones, *strangers]]
    seconds: list[float] = []

    def talk(browser: Talker) -> int:
        silent = 0
        for text in TEXTS[:6]:
            started = perf_counter()
            silent += not browser.say(text).from_assistant
            seconds.append(perf_counter() - started)
        return silent

    with ThreadPoolExecutor(TOGETHER) as threads:
        errors = sum(threads.map(talk, browsers))
    return {
        "together": TOGETHER,
        "together_errors": errors,
        "together_ms": round(median(seconds) * 1000, 1),
        "together_longest_ms": round(max(seconds) * 1000, 1),
    }


def _resident_mb(house: House, name: str) -> int:
    """Of a process and all it started."""
    group = house.running[name].pid
    pages = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group:
            pages += int(fields[21])
    return pages * 4096 // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
