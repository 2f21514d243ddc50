"""UnionPay's statements: one signed answer that brings the day's file.

Page of the gateway's documentation: 文件传输类交易 (对账文件下载), txnType 76. `fileContent` is a
zip, deflated once more, in base64; the signature covers it like every other field.
"""

import base64
import binascii
import zlib
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from payments.gateways.base import GatewayRefused, GatewayUnavailable
from payments.gateways.unionpay_wire import NAME, UnionPayWire, must_succeed, stamp
from payments.settings import PaymentSettings
from payments.statements import unionpay_file
from payments.statements.base import Statement, StatementRefused
from payments.statements.fetching import Form, fetch
from payments.statements.unpacking import LIMITS, Limits
from runtime import clock

FORM = Form(NAME, ".zip", unionpay_file.FIRST_LINE)
FILE: Final = {"txnType": "76", "txnSubType": "01", "bizType": "000000", "fileType": "00"}
ABSENT = "98"


class UnionPayStatements:
    """The files of merchants' movements, by day of settlement."""

    name = NAME

    def __init__(self, settings: PaymentSettings, limits: Limits = LIMITS) -> None:
        self._wire = UnionPayWire(settings)
        self._address = settings.unionpay_files
        self._limits = limits

    def fetch(self, day: date, folder: Path) -> Statement:
        """What StatementSource promises."""
        merid, most = self._wire.merchant["merId"], self._limits.unpacked
        read = partial(unionpay_file.read, day=day, merid=merid, most=most)
        return fetch(FORM, day, folder, partial(self._bring, day), read)

    def _bring(self, day: date, path: Path) -> None:
        asked = FILE | {"settleDate": f"{day:%m%d}", "txnTime": stamp(clock.now())}
        said = self._answer(asked)
        if said.get("respCode") == ABSENT:
            raise GatewayRefused(NAME, "no_statement")
        must_succeed(said)
        if said.get("merId") != self._wire.merchant["merId"]:
            raise StatementRefused(NAME, "wrong_merchant")
        if said.get("settleDate") != asked["settleDate"]:
            raise StatementRefused(NAME, "wrong_day")
        path.write_bytes(self._inflated(said.get("fileContent", "")))

    def _answer(self, asked: dict[str, str]) -> dict[str, str]:
        """The signature stands for a hash: the file is one of the fields that it covers."""
        try:
            return self._wire.call(self._address, asked)
        except GatewayUnavailable as error:
            if error.reason == "bad_signature":
                raise StatementRefused(NAME, "wrong_hash") from error
            raise

    def _inflated(self, content: str) -> bytes:
        """The zip. Raises StatementRefused, GatewayUnavailable."""
        inflater = zlib.decompressobj()
        try:
            whole = inflater.decompress(
                base64.b64decode(content, validate=True), self._limits.packed
            )
        except binascii.Error as error:
            raise GatewayUnavailable(NAME, "unreadable_answer") from error
        except zlib.error as error:
            raise StatementRefused(NAME, "malformed") from error
        if inflater.unconsumed_tail:
            raise StatementRefused(NAME, "malformed")
        if not inflater.eof:
            raise StatementRefused(NAME, "truncated")
        return whole
