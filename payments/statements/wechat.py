"""WeChat Pay's statements: GET /v3/bill/tradebill, then the file at the address it names.

Pages of the gateway's documentation: 申请交易账单, 下载账单.
"""

from datetime import date
from functools import partial
from hashlib import sha1
from pathlib import Path

from payments.gateways.base import GatewayUnavailable
from payments.gateways.wechat_wire import NAME, WeChatWire
from payments.settings import PaymentSettings
from payments.statements import wechat_file
from payments.statements.base import Statement, StatementRefused
from payments.statements.download import Source, named, save
from payments.statements.fetching import Form, fetch
from payments.statements.unpacking import CHUNK, LIMITS, Limits, gunzipped

FORM = Form(NAME, ".csv.gz", wechat_file.FIRST_LINE)
DOMAIN = "mch.weixin.qq.com"


class WeChatStatements:
    """Trade bills of type ALL, packed with gzip."""

    name = NAME

    def __init__(self, settings: PaymentSettings, limits: Limits = LIMITS) -> None:
        self._wire = WeChatWire(settings)
        self._gateway = settings.wechatpay_gateway
        self._source = Source(NAME, settings.gateway_timeout, limits.packed)
        self._most = limits.unpacked

    def fetch(self, day: date, folder: Path) -> Statement:
        """What StatementSource promises."""
        mchid = self._wire.merchant["mchid"]
        read = partial(wechat_file.read, day=day, mchid=mchid, most=self._most)
        return fetch(FORM, day, folder, partial(self._bring, day), read)

    def _bring(self, day: date, path: Path) -> None:
        """The hash is that of what is packed in the file."""
        said = self._wire.call(self._wire.sdk.trade_bill, bill_date=day.isoformat())
        if said.get("hash_type") != "SHA1":
            raise GatewayUnavailable(NAME, "unreadable_answer")
        url = named(NAME, said.get("download_url"), self._gateway, DOMAIN)
        proof = self._wire.authorization(url.raw_path.decode("ascii"))
        save(self._source, url, path, {"Authorization": proof})
        if self._sha1(path) != str(said.get("hash_value")).lower():
            raise StatementRefused(NAME, "wrong_hash")

    def _sha1(self, path: Path) -> str:
        digest = sha1(usedforsecurity=False)
        with gunzipped(path, NAME, self._most) as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
        return digest.hexdigest()
