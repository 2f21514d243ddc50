"""Papers: complete, private, never overwritten, and fit for the house's settings."""

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate

from tests.sandbox.server import DENGHUO

NAMES = {
    "denghuo_wechatpay_mchid",
    "denghuo_wechatpay_appid",
    "denghuo_wechatpay_serial",
    "denghuo_wechatpay_private_key",
    "denghuo_wechatpay_apiv3_key",
    "denghuo_wechatpay_public_key_id",
    "denghuo_wechatpay_public_key",
    "denghuo_alipay_appid",
    "denghuo_alipay_private_key",
    "denghuo_alipay_public_key",
    "denghuo_alipay_seller_id",
    "denghuo_wechatpay_plan_id",
    "denghuo_alipay_sign_scene",
    "denghuo_unionpay_merid",
    "denghuo_unionpay_private_key",
    "denghuo_unionpay_certificate",
    "denghuo_unionpay_root_certificate",
    "denghuo_unionpay_middle_certificate",
    "denghuo_aliyun_sms_key_id",
    "denghuo_aliyun_sms_key_secret",
    "denghuo_tencent_sms_secret_id",
    "denghuo_tencent_sms_secret_key",
    "denghuo_tencent_sms_app_id",
    "denghuo_notify_secret",
    "denghuo_voice_token",
    "denghuo_smtp_user",
    "denghuo_smtp_password",
    "denghuo_dkim_selector",
    "denghuo_dkim_key",
    "denghuo_invoice_token",
    "denghuo_wechat_appid",
    "denghuo_wechat_secret",
    "denghuo_wechat_token",
    "denghuo_wechat_aes_key",
}


def make(folder: Path) -> subprocess.Popen[str]:
    command = [DENGHUO, "sandbox", "keys", "--dir", str(folder)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def made(folder: Path) -> dict[str, str]:
    _, words = (process := make(folder)).communicate()
    assert process.returncode == 0, words
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_complete_set_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    papers = made(folder)
    assert {name for name in papers if "/" not in name} == NAMES
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (folder / "gateway").stat().st_mode & 0o777 == 0o700
    assert len(papers["denghuo_wechatpay_apiv3_key"].encode()) == 32
    assert papers["denghuo_wechatpay_public_key_id"].startswith("PUB_KEY_ID_")
    assert papers["denghuo_wechatpay_private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    assert papers["denghuo_alipay_private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_unionpays_papers_are_a_chain_and_the_merchants_certificate_is_of_its_key(
    tmp_path: Path,
) -> None:
    papers = made(tmp_path)
    root, middle, merchants, own = (
        load_pem_x509_certificate(papers[name].encode())
        for name in (
            "denghuo_unionpay_root_certificate",
            "denghuo_unionpay_middle_certificate",
            "denghuo_unionpay_certificate",
            "gateway/unionpay_certificate.pem",
        )
    )
    middle.verify_directly_issued_by(root)
    merchants.verify_directly_issued_by(middle)
    own.verify_directly_issued_by(middle)
    key = load_pem_private_key(papers["denghuo_unionpay_private_key"].encode(), None)
    assert key.public_key() == merchants.public_key()
    assert made(tmp_path) == papers


def test_a_root_that_the_real_gateway_gave_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "denghuo_unionpay_root_certificate").write_text("a real one")
    process = make(tmp_path)
    assert "was not made by the sandbox" in process.communicate()[1]
    assert process.returncode == 1


def test_halves_belong_together(tmp_path: Path) -> None:
    papers = made(tmp_path)
    for provider in ("wechatpay", "alipay"):
        own = papers[f"gateway/{provider}_private_key.pem"]
        assert public_half(own) == papers[f"denghuo_{provider}_public_key"]
        merchants = papers[f"denghuo_{provider}_private_key"]
        assert public_half(merchants) == papers[f"gateway/{provider}_merchant_public_key.pem"]


def public_half(pem: str) -> str:
    public = load_pem_private_key(pem.encode(), None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_a_second_time_changes_nothing_and_fills_what_is_missing(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert made(tmp_path) == first
    (tmp_path / "denghuo_notify_secret").unlink()
    (tmp_path / "denghuo_alipay_public_key").unlink()
    again = made(tmp_path)
    assert again["denghuo_notify_secret"] != first["denghuo_notify_secret"]
    assert again | {"denghuo_notify_secret": ""} == first | {"denghuo_notify_secret": ""}


def test_several_at_once_make_one_set(tmp_path: Path) -> None:
    processes = [make(tmp_path) for _ in range(4)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * 4
    test_halves_belong_together(tmp_path)


def test_keys_of_a_real_gateway_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "denghuo_wechatpay_public_key").write_text("given by the gateway")
    _, words = (process := make(tmp_path)).communicate()
    assert process.returncode == 1
    assert "was not made by the sandbox" in words
    assert "Traceback" not in words
    assert (tmp_path / "denghuo_wechatpay_public_key").read_text() == "given by the gateway"
    assert not (tmp_path / "denghuo_alipay_private_key").exists()


def test_without_papers_it_does_not_start_and_says_how_to_make_them(tmp_path: Path) -> None:
    command = [DENGHUO, "sandbox", "run", "--var", str(tmp_path), "--port", "1"]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "denghuo sandbox keys --dir" in done.stderr
    assert "Traceback" not in done.stderr
