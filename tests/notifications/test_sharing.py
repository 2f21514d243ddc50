"""Providers that both work share a load by what they did of late."""

from hypothesis import given
from hypothesis import strategies as st

from notifications.sharing import Seen, share, weight

COUNTS = st.integers(0, 5_000)
SEEN = st.builds(Seen, COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 1e6))
ROOM = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 200), min_size=1)


@given(SEEN)
def test_a_weight_is_above_none_and_at_most_one(seen: Seen) -> None:
    assert 0 < weight(seen) <= 1


@given(SEEN, st.integers(1, 5_000))
def test_who_fails_more_or_is_slower_weighs_no_more(seen: Seen, more: int) -> None:
    fails = Seen(seen.sent, seen.failed + more, seen.delivered, seen.undelivered, seen.seconds)
    loses = Seen(seen.sent, seen.failed, seen.delivered, seen.undelivered + more, seen.seconds)
    slow = Seen(seen.sent, seen.failed, seen.delivered, seen.undelivered, seen.seconds + more)
    assert max(weight(each) for each in (fails, loses, slow)) <= weight(seen)


@given(st.integers(0, 500), ROOM, st.data())
def test_all_is_shared_and_nobody_gets_more_than_its_room(
    count: int, room: dict[str, int], data: st.DataObject
) -> None:
    seen = {name: data.draw(SEEN) for name in room}
    told = share(count, seen, room)
    assert sum(told.values()) == min(count, sum(room.values()))
    assert all(0 < number <= room[name] for name, number in told.items())


@given(st.integers(0, 200), SEEN)
def test_equals_get_the_same(count: int, seen: Seen) -> None:
    told = share(count, {"a": seen, "b": seen}, {"a": 500, "b": 500})
    assert abs(told.get("a", 0) - told.get("b", 0)) <= 1


def test_one_message_goes_to_the_better() -> None:
    seen = {"a": Seen(sent=80, failed=20), "b": Seen(sent=100)}
    assert share(1, seen, {"a": 50, "b": 50}) == {"b": 1}


def test_who_fails_half_of_the_time_gets_a_small_part() -> None:
    seen = {"a": Seen(sent=100, failed=100), "b": Seen(sent=200)}
    assert share(50, seen, {"a": 50, "b": 50}) == {"a": 11, "b": 39}


def test_who_delivers_slowly_gets_less() -> None:
    seen = {"a": Seen(100, 0, 100, 0, 6_000.0), "b": Seen(100, 0, 100, 0, 0.0)}
    assert share(30, seen, {"a": 50, "b": 50}) == {"a": 10, "b": 20}


def test_the_worst_is_still_asked_now_and_then() -> None:
    seen = {"a": Seen(failed=10_000), "b": Seen(sent=10_000)}
    assert share(100, seen, {"a": 200, "b": 200}) == {"a": 5, "b": 95}
