"""Alipay's statements: the address of a zip, and the zip.

Page of the gateway's documentation: alipay.data.dataservice.bill.downloadurl.query. Of its types
`trade` is what merchants take (`signcustomer` lists how the account's balance moved).
"""

from datetime import date
from functools import partial
from pathlib import Path

from alipay.aop.api.domain.AlipayDataDataserviceBillDownloadurlQueryModel import (
    AlipayDataDataserviceBillDownloadurlQueryModel,
)
from alipay.aop.api.request.AlipayDataDataserviceBillDownloadurlQueryRequest import (
    AlipayDataDataserviceBillDownloadurlQueryRequest,
)

from payments.gateways.alipay_wire import NAME, AlipayWire, must_succeed
from payments.gateways.base import GatewayRefused
from payments.settings import PaymentSettings
from payments.statements import alipay_file
from payments.statements.base import Statement
from payments.statements.download import Source, named, save
from payments.statements.fetching import Form, fetch
from payments.statements.unpacking import LIMITS, Limits

FORM = Form(NAME, ".zip", alipay_file.FIRST_LINE)
DOMAIN = "alipay.com"

_ABSENT = frozenset({"isp.bill_not_exist", "BILL_NOT_EXIST"})
"""The documentation writes the second, the gateway says the first."""


class AlipayStatements:
    """Trade bills of a day."""

    name = NAME

    def __init__(self, settings: PaymentSettings, limits: Limits = LIMITS) -> None:
        self._wire = AlipayWire(settings)
        self._gateway = settings.alipay_gateway
        self._source = Source(NAME, settings.gateway_timeout, limits.packed)
        self._most = limits.unpacked

    def fetch(self, day: date, folder: Path) -> Statement:
        """What StatementSource promises."""
        seller_id = self._wire.merchant["seller_id"]
        read = partial(alipay_file.read, day=day, seller_id=seller_id, most=self._most)
        return fetch(FORM, day, folder, partial(self._bring, day), read)

    def _bring(self, day: date, path: Path) -> None:
        model = AlipayDataDataserviceBillDownloadurlQueryModel()
        model.bill_type, model.bill_date = "trade", day.isoformat()
        said = self._wire.call(AlipayDataDataserviceBillDownloadurlQueryRequest(biz_model=model))
        if said.get("sub_code") in _ABSENT:
            raise GatewayRefused(NAME, "no_statement")
        must_succeed(said)
        url = named(NAME, said.get("bill_download_url"), self._gateway, DOMAIN)
        save(self._source, url, path, {})
