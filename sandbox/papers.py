"""Papers: the numbers and keys that merchant and gateways know each other by.

`create` makes a complete set for demo and tests. The folder holds what the house is given by its
gateways, one file per setting; `gateway/` in it holds what only the gateways know.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import PrivateFormat

from sandbox import unionpay_papers
from sandbox.keys import new_private_pem, private_key, public_key, public_pem
from sandbox.numbers import digits, letters_and_digits
from sandbox.unionpay_papers import UnionPayPapers
from sandbox.wechat_letters import AccountPapers

MERCHANT_KEYS = {
    "wechatpay": PrivateFormat.PKCS8,
    "alipay": PrivateFormat.TraditionalOpenSSL,
}
"""Form of the merchant's private key that each gateway's client wants."""


class PapersError(Exception):
    """The papers are missing or belong to somebody else. One sentence says what to do."""


@dataclass(frozen=True)
class WeChatPapers:
    """What WeChat Pay knows of its one merchant, and its own key."""

    mchid: str
    appid: str
    serial: str
    apiv3_key: bytes
    public_key_id: str
    plan_id: int
    merchant_key: rsa.RSAPublicKey
    own_key: rsa.RSAPrivateKey


@dataclass(frozen=True)
class AlipayPapers:
    """What Alipay knows of its one app, and its own key."""

    appid: str
    seller_id: str
    sign_scene: str
    merchant_key: rsa.RSAPublicKey
    own_key: rsa.RSAPrivateKey


@dataclass(frozen=True)
class SmsPapers:
    """What both providers of text messages know of their one merchant."""

    aliyun_key_id: str
    aliyun_key_secret: str
    tencent_secret_id: str
    tencent_secret_key: str
    tencent_app_id: str
    push_secret: str


@dataclass(frozen=True)
class Papers:
    """Everything the sandbox knows before the first request."""

    wechat: WeChatPapers
    alipay: AlipayPapers
    unionpay: UnionPayPapers
    voice_token: str
    smtp_user: str
    smtp_password: str
    dkim_selector: str
    dkim_key: rsa.RSAPublicKey
    invoice_token: str
    sms: SmsPapers
    account: AccountPapers


NUMBERS: dict[str, Callable[[], str]] = {
    "denghuo_wechatpay_mchid": lambda: "19" + digits(8),
    "denghuo_wechatpay_appid": lambda: "wx" + secrets.token_hex(8),
    "denghuo_wechatpay_serial": lambda: secrets.token_hex(20).upper(),
    "denghuo_wechatpay_apiv3_key": lambda: letters_and_digits(32),
    "denghuo_wechatpay_public_key_id": lambda: "PUB_KEY_ID_01" + digits(32),
    "denghuo_alipay_appid": lambda: "2021" + digits(12),
    "denghuo_alipay_seller_id": lambda: "2088" + digits(12),
    "denghuo_wechatpay_plan_id": lambda: "1" + digits(5),
    "denghuo_alipay_sign_scene": lambda: "INDUSTRY|PUBLIC_UTILITY",
    "denghuo_unionpay_merid": lambda: "777290" + digits(9),
    "denghuo_aliyun_sms_key_id": lambda: f"LTAI5t{letters_and_digits(18)}",
    "denghuo_aliyun_sms_key_secret": lambda: letters_and_digits(30),
    "denghuo_tencent_sms_secret_id": lambda: f"AKID{letters_and_digits(32)}",
    "denghuo_tencent_sms_secret_key": lambda: letters_and_digits(32),
    "denghuo_tencent_sms_app_id": lambda: f"1400{digits(6)}",
    "denghuo_notify_secret": lambda: secrets.token_urlsafe(32),
    "denghuo_voice_token": lambda: secrets.token_urlsafe(32),
    "denghuo_smtp_user": lambda: "denghuo",
    "denghuo_smtp_password": lambda: secrets.token_urlsafe(32),
    "denghuo_dkim_selector": lambda: "sandbox",
    "denghuo_invoice_token": lambda: secrets.token_urlsafe(32),
    "denghuo_wechat_appid": lambda: "wx" + secrets.token_hex(8),
    "denghuo_wechat_secret": lambda: secrets.token_hex(16),
    "denghuo_wechat_token": lambda: letters_and_digits(32),
    "denghuo_wechat_aes_key": lambda: letters_and_digits(43),
}


def create(folder: Path) -> None:
    """Complete the papers in `folder`; what is there stays. Safe to run twice at once.

    Raises PapersError when the folder holds the papers of a gateway that is not this one.
    """
    gateway = folder / "gateway"
    for each in (folder, gateway):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(gateway):
        for provider in MERCHANT_KEYS:
            _refuse_foreign(folder, provider)
        if unionpay_papers.is_foreign(folder):
            raise _foreign(folder / "denghuo_unionpay_root_certificate")
        for name, make in NUMBERS.items():
            _keep_or_write(folder / name, make)
        for provider, form in MERCHANT_KEYS.items():
            _gateway_pair(folder, provider)
            _merchant_pair(folder, provider, form)
        _dkim_pair(folder)
        unionpay_papers.create(folder, _keep_or_write)


def load(folder: Path) -> Papers:
    """Raises PapersError when a paper is missing or unreadable."""
    try:
        return _load(folder)
    except FileNotFoundError as missing:
        raise PapersError(
            f"{missing.filename} is missing: run `denghuo sandbox keys --dir {folder}` first."
        ) from missing
    except ValueError as malformed:
        raise PapersError(f"A key in {folder} cannot be read; remove it and make it anew.") from (
            malformed
        )


def _load(folder: Path) -> Papers:
    def text(name: str) -> str:
        return (folder / f"denghuo_{name}").read_text(encoding="utf-8").strip()

    return Papers(
        WeChatPapers(
            mchid=text("wechatpay_mchid"),
            appid=text("wechatpay_appid"),
            serial=text("wechatpay_serial"),
            apiv3_key=text("wechatpay_apiv3_key").encode(),
            public_key_id=text("wechatpay_public_key_id"),
            plan_id=int(text("wechatpay_plan_id")),
            merchant_key=public_key(folder / "gateway" / "wechatpay_merchant_public_key.pem"),
            own_key=private_key(folder / "gateway" / "wechatpay_private_key.pem"),
        ),
        AlipayPapers(
            appid=text("alipay_appid"),
            seller_id=text("alipay_seller_id"),
            sign_scene=text("alipay_sign_scene"),
            merchant_key=public_key(folder / "gateway" / "alipay_merchant_public_key.pem"),
            own_key=private_key(folder / "gateway" / "alipay_private_key.pem"),
        ),
        unionpay_papers.load(folder),
        voice_token=text("voice_token"),
        smtp_user=text("smtp_user"),
        smtp_password=text("smtp_password"),
        dkim_selector=text("dkim_selector"),
        dkim_key=public_key(folder / "gateway" / "dkim_public_key.pem"),
        invoice_token=text("invoice_token"),
        sms=SmsPapers(
            aliyun_key_id=text("aliyun_sms_key_id"),
            aliyun_key_secret=text("aliyun_sms_key_secret"),
            tencent_secret_id=text("tencent_sms_secret_id"),
            tencent_secret_key=text("tencent_sms_secret_key"),
            tencent_app_id=text("tencent_sms_app_id"),
            push_secret=text("notify_secret"),
        ),
        account=AccountPapers(
            appid=text("wechat_appid"),
            secret=text("wechat_secret"),
            token=text("wechat_token"),
            aes_key=text("wechat_aes_key"),
        ),
    )


def _refuse_foreign(folder: Path, provider: str) -> None:
    """A gateway's public key without its private half was given by a real gateway."""
    public = folder / f"denghuo_{provider}_public_key"
    if public.exists() and not (folder / "gateway" / f"{provider}_private_key.pem").exists():
        raise _foreign(public)


def _foreign(paper: Path) -> PapersError:
    return PapersError(
        f"{paper} was not made by the sandbox: choose a folder without a real gateway's keys."
    )


def _gateway_pair(folder: Path, provider: str) -> None:
    """The gateway's key; its public half is published to the house."""
    private = folder / "gateway" / f"{provider}_private_key.pem"
    _keep_or_write(private, new_private_pem)
    public = folder / f"denghuo_{provider}_public_key"
    _keep_or_write(public, lambda: public_pem(private_key(private)))


def _merchant_pair(folder: Path, provider: str, form: PrivateFormat) -> None:
    """The merchant's key; its public half is handed to the gateway."""
    private = folder / f"denghuo_{provider}_private_key"
    _keep_or_write(private, lambda: new_private_pem(form))
    public = folder / "gateway" / f"{provider}_merchant_public_key.pem"
    _keep_or_write(public, lambda: public_pem(private_key(private)))


def _dkim_pair(folder: Path) -> None:
    """The key by which the house signs letters; its public half stands in the sandbox's DNS."""
    private = folder / "denghuo_dkim_key"
    _keep_or_write(private, new_private_pem)
    _keep_or_write(
        folder / "gateway" / "dkim_public_key.pem", lambda: public_pem(private_key(private))
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep_or_write(path: Path, make: Callable[[], str]) -> None:
    """The file appears whole or not at all, and for its owner only."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(make())
    draft.replace(path)
