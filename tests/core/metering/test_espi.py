"""Green Button feeds: what is read, what is refused, and why."""

from pathlib import Path

import pytest

from core.metering import espi, intake
from core.metering.readings import Channel, FileProblem, IntervalReading, Rejected
from tests.core.metering import feeds
from tests.core.metering.feeds import START, block, feed, meter_reading, reading, reading_type


def rows(folder: Path, text: str) -> list:
    return list(intake.rows(feeds.write(folder, text)))


def refusals(folder: Path, text: str) -> list[tuple[int, str]]:
    return [(row.row, row.reason) for row in rows(folder, text) if isinstance(row, Rejected)]


def test_quarter_hours_are_read_with_their_meter_and_time(tmp_path: Path) -> None:
    assert rows(tmp_path, feeds.quarter_hours(100, 0)) == [
        IntervalReading(1, "M1", Channel.IMPORT, START, 900, 100_000_000),
        IntervalReading(2, "M1", Channel.IMPORT, START + 900, 900, 0),
    ]


@pytest.mark.parametrize(
    ("power", "value", "uwh"), [(3, 2, 2_000_000_000), (-3, 1500, 1_500_000), (-6, 7, 7)]
)
def test_the_power_of_ten_multiplies_exactly(
    tmp_path: Path, power: int, value: int, uwh: int
) -> None:
    [row] = rows(tmp_path, feeds.quarter_hours(value, powerOfTenMultiplier=power))
    assert row.uwh == uwh


@pytest.mark.parametrize(
    ("codes", "channel"),
    [
        ({"flowDirection": 19}, Channel.EXPORT),
        ({"uom": 73}, Channel.REACTIVE),
        ({"uom": 73, "flowDirection": 19}, Channel.REACTIVE),
        ({"flowDirection": 0, "commodity": 0, "accumulationBehaviour": 0}, Channel.IMPORT),
    ],
)
def test_unit_and_direction_name_the_channel(
    tmp_path: Path, codes: dict[str, int], channel: Channel
) -> None:
    [row] = rows(tmp_path, feeds.quarter_hours(5, **codes))
    assert row.channel == channel


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ({"uom": 38}, "The unit of measure is 38; only 72 (Wh) and 73 (varh) are taken."),
        ({"commodity": 7}, "The readings are of commodity 7, not of electricity."),
        (
            {"flowDirection": 4},
            "The flow direction is 4; only 1 (import) and 19 (export) are taken.",
        ),
        (
            {"accumulationBehaviour": 1},
            "The readings are not energy per interval (accumulation behaviour 4).",
        ),
        ({"powerOfTenMultiplier": -9}, "The power of ten -9 is out of range."),
        ({"powerOfTenMultiplier": "kilo"}, "The powerOfTenMultiplier is not a whole number."),
        ({"flowDirection": "in"}, "The flowDirection is not a whole number."),
    ],
)
def test_what_is_no_energy_per_interval_is_refused(
    tmp_path: Path, codes: dict[str, object], reason: str
) -> None:
    assert refusals(tmp_path, feeds.quarter_hours(5, 6, **codes)) == [(1, reason), (2, reason)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (reading(START, None), "The reading has no whole number as its value."),
        (reading(START, ""), "The reading has no whole number as its value."),
        (reading(START, "12.5"), "The reading has no whole number as its value."),
        (reading(START, "٣"), "The reading has no whole number as its value."),
        (reading(None, 5), "The reading has no start time."),
        (reading(START, -1), "The value is negative; a meter counts import and export apart."),
        (reading(START, 5, 86400), "An interval of 86400 s is none of 300, 900, 1800, 3600 s."),
        (reading(START, 5, 0), "An interval of 0 s is none of 300, 900, 1800, 3600 s."),
        (
            reading(START + 60, 5),
            "The interval starts at 2026-11-03T00:01:00Z, which is not on a quarter-hour.",
        ),
        (
            reading(900, 5),
            "The interval starts at 1970-01-01T00:15:00Z, before the year 2000.",
        ),
        (
            reading(1_800_000_000, 5),
            "The interval starts at 2027-01-15T08:00:00Z, which is in the future.",
        ),
        (
            reading(900_000_000_000_000 // 900 * 900, 5),
            "The interval starts at 900000000000000 s, which is in the future.",
        ),
        (
            reading(START, 100_000_001),
            "100000.001 kWh in 15 minutes is more than any meter measures.",
        ),
    ],
)
def test_a_bad_reading_is_refused_and_the_others_stand(
    tmp_path: Path, bad: str, reason: str
) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(),
        block(bad, reading(START + 900, 7)),
    )
    found = rows(tmp_path, text)
    assert [type(row) for row in found] == [Rejected, IntervalReading]
    assert (found[0].row, found[0].reason) == (1, reason)
    assert (found[1].row, found[1].uwh) == (2, 7_000_000)


def test_readings_without_a_time_follow_each_other_from_the_block_s_start(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(intervalLength=3600),
        block(reading(None, 5, None), reading(None, 6, None)),
    )
    assert [(row.start, row.seconds) for row in rows(tmp_path, text)] == [
        (START, 3600),
        (START + 3600, 3600),
    ]


def test_the_reading_type_gives_the_length_that_a_reading_lacks(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(), meter_reading(), reading_type(), block(reading(START, 5, None))
    )
    assert [row.seconds for row in rows(tmp_path, text)] == [900]


def test_without_any_length_it_is_refused(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(intervalLength=None),
        block(reading(START, 5, None)),
    )
    assert refusals(tmp_path, text) == [(1, "The reading has no duration.")]


@pytest.mark.parametrize(
    ("quality", "estimated"), [(8, True), (9, True), (12, True), (7, False), (17, False)]
)
def test_the_sender_s_estimates_stay_estimates(
    tmp_path: Path, quality: int, estimated: bool
) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(),
        block(reading(START, 5, quality=quality)),
    )
    assert [row.estimated for row in rows(tmp_path, text)] == [estimated]


def test_entries_may_come_in_any_order_and_blocks_find_their_type(tmp_path: Path) -> None:
    export = f"{feeds.USAGE_POINT}/MeterReading/02"
    text = feed(
        block(reading(START, 5)),
        block(reading(START, 2), of=export),
        meter_reading(export, "https://utility.example/ReadingType/08"),
        reading_type("https://utility.example/ReadingType/08", flowDirection=19),
        reading_type(),
        meter_reading(),
        feeds.usage_point(),
    )
    assert [(row.channel, row.uwh) for row in rows(tmp_path, text)] == [
        (Channel.IMPORT, 5_000_000),
        (Channel.EXPORT, 2_000_000),
    ]


def test_a_block_whose_type_is_not_told_is_refused(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(kind="https://utility.example/ReadingType/99"),
        reading_type(),
        reading_type("https://utility.example/ReadingType/08"),
        block(reading(START, 5)),
    )
    assert refusals(tmp_path, text) == [
        (1, "The file does not say what this block of readings measures.")
    ]


def test_a_title_that_is_no_meter_number_leaves_the_address(tmp_path: Path) -> None:
    [row] = rows(tmp_path, feeds.quarter_hours(5, title="Flat with a view"))
    assert row.meter_no == "1"


def test_the_caller_may_name_the_meter(tmp_path: Path) -> None:
    path = feeds.write(tmp_path, feeds.quarter_hours(5))
    assert [row.meter_no for row in espi.read(path, "M9")] == ["M9"]


@pytest.mark.parametrize("named", [None, "M9"])
def test_two_usage_points_are_not_taken_for_one_meter(tmp_path: Path, named: str | None) -> None:
    other = feeds.entry("/espi/UsagePoint/of-a-neighbour/1", '<UsagePoint xmlns="urn:espi"/>')
    text = feed(feeds.usage_point("a flat"), other, meter_reading(), reading_type())
    with pytest.raises(
        FileProblem, match=f"has 2 usage points that would all be meter {named or 1};"
    ):
        list(espi.read(feeds.write(tmp_path, text), named))


def test_the_same_interval_twice_counts_once(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(),
        block(reading(START, 5), reading(START, 5), reading(START, 9)),
    )
    assert refusals(tmp_path, text) == [
        (2, "The import from 2026-11-03 08:00 is already in this file."),
        (3, "The import from 2026-11-03 08:00 is already in this file."),
    ]


def test_an_hour_over_a_quarter_that_is_known_is_refused_whole(tmp_path: Path) -> None:
    text = feed(
        feeds.usage_point(),
        meter_reading(),
        reading_type(),
        block(reading(START + 2700, 5), reading(START, 400, 3600), reading(START + 3600, 8)),
    )
    assert refusals(tmp_path, text) == [
        (2, "The import from 2026-11-03 08:00 is already in this file.")
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The file is empty."),
        (feeds.quarter_hours(1, 2)[:-40], "The XML is broken or cut off at line 1."),
        ("<html><body/></html>", "The XML is not a Green Button feed."),
        ("<?xml version='1.0' encoding='klingon'?><feed/>", None),
        (
            '<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><feed>&b;</feed>',
            "The XML declares a document type or entities; refused.",
        ),
        (
            '<!DOCTYPE feed SYSTEM "file:///etc/passwd"><feed/>',
            "The XML declares a document type or entities; refused.",
        ),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path: Path, text: str, problem: str | None) -> None:
    with pytest.raises(FileProblem) as refusal:
        rows(tmp_path, text)
    if problem:
        assert str(refusal.value) == problem


def test_no_reading_of_a_file_cut_off_is_given_out(tmp_path: Path) -> None:
    path = feeds.write(tmp_path, feeds.quarter_hours(*range(96))[:-100])
    given = []
    with pytest.raises(FileProblem):
        given.extend(intake.rows(path))
    assert given == []


def test_a_feed_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(feeds.quarter_hours(5).replace("UTF-8", "UTF-16").encode("utf-16"))
    assert [row.uwh for row in intake.rows(path)] == [5_000_000]


def test_no_default_stands_in_for_a_length_that_cannot_be_read(tmp_path: Path) -> None:
    odd = reading(START, 1).replace("<duration>900", "<duration>900.5")
    text = feed(feeds.usage_point(), meter_reading(), reading_type(), block(odd))
    assert refusals(tmp_path, text) == [(1, "The duration is not a whole number.")]


def test_a_plus_sign_is_part_of_a_whole_number(tmp_path: Path) -> None:
    text = feed(feeds.usage_point(), meter_reading(), reading_type(), block(reading(START, "+7")))
    assert [row.uwh for row in rows(tmp_path, text)] == [7_000_000]


def test_a_reading_outside_every_block_is_refused(tmp_path: Path) -> None:
    text = feed(feeds.usage_point(), meter_reading(), reading_type(), reading(START, 7))
    reason = "The reading stands outside a block of readings."
    assert refusals(tmp_path, text) == [(1, reason)]
