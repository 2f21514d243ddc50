"""How prices are told where a part of the day has no hours."""

from conftest import message


def test_a_part_of_the_day_without_hours_is_said_not_to_be_now(act, portal):
    lines = [
        {"name": "尖峰段", "price": "每度 0.8204 元", "when": ""},
        {"name": "峰段", "price": "每度 0.6973 元", "when": "8:00–11:00"},
        {"name": "输配电费", "price": "每度 0.1021 元", "when": ""},
    ]
    portal.answers("tariff", "own", lines=lines)
    done = act("action_query_tariff", message("尖峰电价多少", "query_tariff"))
    assert done.said[0].splitlines()[1:] == [
        "尖峰段：每度 0.8204 元",
        "峰段：每度 0.6973 元，8:00–11:00",
        "输配电费：每度 0.1021 元",
    ]
    assert done.said[1:] == ["utter_tariff_not_this_month", "utter_tariff_more"]


def test_where_every_part_of_the_day_has_hours_nothing_is_missing(act, portal):
    lines = [
        {"name": "峰段", "price": "每度 0.568 元", "when": "8:00–22:00"},
        {"name": "政府性基金及附加", "price": "每度 0.02 元", "when": ""},
    ]
    portal.answers("tariff", "own", lines=lines)
    done = act("action_query_tariff", message("我家电价多少钱一度", "query_tariff"))
    assert done.said[1:] == ["utter_tariff_more"]
