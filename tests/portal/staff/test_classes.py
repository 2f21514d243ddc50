"""Classes of customers at the desk."""

from typing import get_args

from portal.staff.classes import CLASSES
from rating.schema import Tariff
from service.disconnections import arrears


def test_they_are_those_of_tariffs_and_accounts() -> None:
    of_tariffs = get_args(Tariff.model_fields["customer_class"].annotation)
    assert tuple(CLASSES) == of_tariffs
    assert of_tariffs == arrears.KINDS
