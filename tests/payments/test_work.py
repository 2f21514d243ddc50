"""What is asked for in a change is what the worker does."""

from inspect import signature

from payments import soon, work
from payments.reconciliation import work as reconciling
from runtime.jobs import TaskName, jobs

TELLS = {
    "payments.refund": ["refund_no"],
    "payments.second_trade": ["gateway", "order_no", "trade_no"],
    "payments.reconcile_day": ["day"],
}
"""What a job is told, where it is not the number of an order alone."""


def test_every_job_that_is_asked_for_is_declared() -> None:
    asked = {each for each in vars(soon).values() if isinstance(each, TaskName)}
    assert {each.name for each in asked} == {
        "payments.post",
        "payments.refund",
        "payments.ask",
        "payments.close",
        "payments.second_trade",
        "payments.recover",
        "payments.reconcile_day",
    }
    for each in asked:
        declared = jobs.tasks[each.name]
        assert declared.queue == each.queue
        assert declared.func.__module__ in (work.__name__, reconciling.__name__)
        assert list(signature(declared.func).parameters) == TELLS.get(each.name, ["order_no"])
