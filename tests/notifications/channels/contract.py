"""What every provider of every channel does, proved over the wire against the sandbox.

A room of tests inherits it and says what stands on both sides of the wire:

    class TestAliyun(ProviderContract):
        @pytest.fixture
        def sides(self, sandbox) -> Iterator[Sides]:
            yield Sides(...)
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import pytest

from notifications.channels.base import (
    Busy,
    Found,
    Parcel,
    Provider,
    ProviderError,
    Refused,
    Unclear,
)
from tests.waiting import eventually

AT_ONCE = 8


@dataclass(frozen=True)
class Sides:
    """A provider, and what the other side of its wire can be asked and told.

    `provider` waits no longer than `patience` seconds for an answer; `unreached` is the same at
    an address where nobody listens. `parcel` makes a good one of a reference, `refused` is one
    that the other side will never send. `taken` counts the messages of a reference that the
    other side took. `break_down` lets it suffer `timeout` (takes nothing, says nothing) or
    `lost_answer` (takes it, says nothing) until `heal`. `secrets` are those of our papers.
    """

    provider: Provider
    unreached: Provider
    patience: float
    parcel: Callable[[str], Parcel]
    refused: Parcel
    taken: Callable[[str], int]
    break_down: Callable[[str], object]
    heal: Callable[[], object]
    secrets: Sequence[str] = ()


class ProviderContract(ABC):
    """Inherit it as `Test...` and give the fixture `sides`."""

    @abstractmethod
    def sides(self) -> Sides:
        """A fixture: both sides, in working order and empty."""

    def test_it_is_handed_over_once_and_gets_a_number(self, sides: Sides) -> None:
        number = sides.provider.send(sides.parcel("c1"))
        assert 0 < len(number) <= 64
        assert sides.taken("c1") == 1

    def test_a_refusal_is_final(self, sides: Sides) -> None:
        with pytest.raises(Refused) as refusal:
            sides.provider.send(sides.refused)
        assert refusal.value.reason
        assert sides.taken(sides.refused.reference) == 0

    def test_one_that_is_not_reached_is_busy(self, sides: Sides) -> None:
        with pytest.raises(Busy):
            sides.unreached.send(sides.parcel("c2"))
        assert sides.taken("c2") == 0

    def test_no_answer_in_time_is_unclear(self, sides: Sides) -> None:
        sides.break_down("timeout")
        started = monotonic()
        with pytest.raises(Unclear):
            sides.provider.send(sides.parcel("c3"))
        assert monotonic() - started < sides.patience + 3
        sides.heal()
        assert sides.taken("c3") == 0

    def test_what_was_taken_is_found_after_a_lost_answer(self, sides: Sides) -> None:
        parcel = sides.parcel("c4")
        sides.break_down("lost_answer")
        with pytest.raises(Unclear):
            sides.provider.send(parcel)
        sides.heal()
        assert sides.taken("c4") == 1
        if can_find(sides.provider):
            found = asked(sides.provider, parcel)
            assert found is not None
            assert found.provider_no
        else:
            cannot_say(sides.provider, parcel)

    def test_what_was_never_taken_is_not_found(self, sides: Sides) -> None:
        parcel = sides.parcel("c5")
        sides.provider.send(sides.parcel("c6"))
        if can_find(sides.provider):
            assert asked(sides.provider, parcel) is None
        else:
            cannot_say(sides.provider, parcel)

    def test_the_same_reference_is_sent_again_unless_the_provider_remembers(
        self, sides: Sides
    ) -> None:
        parcel = sides.parcel("c7")
        sides.provider.send(parcel)
        sides.provider.send(parcel)
        assert sides.taken("c7") == (1 if sides.provider.is_idempotent else 2)

    def test_it_is_shared_by_threads(self, sides: Sides) -> None:
        references = [f"t{number}" for number in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            numbers = list(threads.map(sides.provider.send, map(sides.parcel, references)))
        assert len(set(numbers)) == AT_ONCE
        assert [sides.taken(each) for each in references] == [1] * AT_ONCE

    def test_errors_and_logs_name_neither_person_nor_secret(
        self, sides: Sides, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        errors = [
            failure(sides.provider, sides.refused),
            failure(sides.unreached, parcel := sides.parcel("c8")),
        ]
        sides.provider.send(parcel)
        said = caplog.text + "".join(capfd.readouterr())
        said += "".join(f"{each} {each.reason} {each!r}" for each in errors)
        private = {sides.refused.recipient, parcel.recipient, *parcel.words.values()}
        private |= {each for each in parcel.params.values() if len(each) > 3} | set(sides.secrets)
        assert [each for each in private if each and each in said] == []


def can_find(provider: Provider) -> bool:
    """Whether it can be asked what became of a message."""
    return type(provider)._find is not Provider._find


def cannot_say(provider: Provider, parcel: Parcel) -> None:
    with pytest.raises(NotImplementedError):
        provider.find(parcel)


def asked(provider: Provider, parcel: Parcel) -> Found | None:
    """What it says of a message, once it can say anything."""
    answers: list[Found | None] = []

    def answered() -> bool:
        try:
            answers.append(provider.find(parcel))
        except Busy:
            return False
        return True

    eventually(answered, pause=0.2)
    return answers[0]


def failure(provider: Provider, parcel: Parcel) -> ProviderError:
    """How it fails to send this."""
    with pytest.raises(ProviderError) as caught:
        provider.send(parcel)
    return caught.value
