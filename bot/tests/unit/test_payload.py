"""A button's payload is read without the understanding of words."""

import pytest

from channels.payload import understood

INTENTS, ENTITIES = {"query_bill", "affirm"}, {"period", "account_no"}


def test_an_intent_and_its_entities():
    found = understood('/query_bill{"period": "上个月", "choice": "x"}', INTENTS, ENTITIES)
    assert found["intent"] == {"name": "query_bill", "confidence": 1.0}
    assert [(each["entity"], each["value"]) for each in found["entities"]] == [("period", "上个月")]
    assert found["text"] == '/query_bill{"period": "上个月", "choice": "x"}'


@pytest.mark.parametrize("payload", ["/restart", "/query_bill{", "/query_bill[1]", "/nothing{}"])
def test_what_is_no_payload_of_ours(payload):
    assert understood(payload, INTENTS, ENTITIES) is None
