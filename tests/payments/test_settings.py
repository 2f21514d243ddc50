"""A gateway's papers are whole and well formed, or the process says which one is not."""

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat

from payments import gateways
from payments.settings import ALIPAY, UNIONPAY, WECHATPAY, PaymentSettings
from runtime.settings import SettingsError, load
from tests.payments.builders import World, private_pem


@pytest.fixture
def papers(world: World, settings_env: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of an installation with both gateways."""
    made = world.settings()
    papers = {}
    for name in (*WECHATPAY, *ALIPAY, *UNIONPAY):
        value = getattr(made, name)
        plain = value if isinstance(value, str) else value.get_secret_value()
        papers[f"DENGHUO_{name.upper()}"] = plain
        settings_env.setenv(f"DENGHUO_{name.upper()}", plain)
    return papers


def test_without_papers_no_gateway_is_offered(settings_env: pytest.MonkeyPatch) -> None:
    settings = load(PaymentSettings)
    assert gateways.from_settings(settings) == {}
    assert settings.cashiers == []


def test_with_papers_all_are_offered_at_their_real_addresses(papers: dict[str, str]) -> None:
    settings = load(PaymentSettings)
    assert list(gateways.from_settings(settings)) == ["wechat", "alipay", "unionpay"]
    assert settings.cashiers == [
        "https://wx.tenpay.com",
        "https://*.alipay.com",
        "https://*.95516.com",
    ]


def test_a_key_on_one_line_gets_its_lines_back(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch
) -> None:
    for name, value in papers.items():
        settings_env.setenv(name, value.replace("\n", "\\n"))
    assert load(PaymentSettings).has_wechatpay


@pytest.mark.parametrize("name", [*WECHATPAY, *ALIPAY, *UNIONPAY])
def test_a_missing_paper_is_named(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch, name: str
) -> None:
    settings_env.delenv(f"DENGHUO_{name.upper()}")
    with pytest.raises(SettingsError, match=f"DENGHUO_{name.upper()} is missing"):
        load(PaymentSettings)


@pytest.mark.parametrize(
    "name",
    [
        "wechatpay_private_key",
        "wechatpay_public_key",
        "wechatpay_apiv3_key",
        "wechatpay_public_key_id",
        "alipay_private_key",
        "alipay_public_key",
        "unionpay_private_key",
        "unionpay_certificate",
        "unionpay_root_certificate",
        "unionpay_middle_certificate",
        "wechatpay_gateway",
        "alipay_gateway",
        "unionpay_gateway",
        "unionpay_files",
    ],
)
def test_a_malformed_paper_is_named_and_not_shown(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch, name: str
) -> None:
    settings_env.setenv(f"DENGHUO_{name.upper()}", "never to be seen")
    with pytest.raises(SettingsError) as refused:
        load(PaymentSettings)
    assert f"DENGHUO_{name.upper()}" in str(refused.value)
    assert "never to be seen" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "DENGHUO_WECHATPAY_GATEWAY",
        "DENGHUO_ALIPAY_GATEWAY",
        "DENGHUO_UNIONPAY_GATEWAY",
        "DENGHUO_UNIONPAY_FILES",
    ],
)
def test_production_pays_by_https_alone(settings_env: pytest.MonkeyPatch, name: str) -> None:
    settings_env.setenv(name, "http://127.0.0.1:8400")
    assert load(PaymentSettings).environment == "test"
    settings_env.setenv("DENGHUO_ENVIRONMENT", "production")
    with pytest.raises(SettingsError) as refused:
        load(PaymentSettings)
    assert str(refused.value).startswith(f"{name} ")
    assert str(refused.value).endswith("in production it must begin with https://.")
    settings_env.setenv(name, "https://gateway.test")
    assert getattr(load(PaymentSettings), name.removeprefix("DENGHUO_").lower()) == (
        "https://gateway.test"
    )


def test_each_gateway_has_its_own_form_of_key(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch, world: World
) -> None:
    pkcs1 = private_pem(world.ours, PrivateFormat.TraditionalOpenSSL)
    settings_env.setenv("DENGHUO_WECHATPAY_PRIVATE_KEY", pkcs1)
    with pytest.raises(SettingsError, match="DENGHUO_WECHATPAY_PRIVATE_KEY"):
        load(PaymentSettings)


def test_a_broken_key_is_malformed_and_no_trace(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch
) -> None:
    for name in ("WECHATPAY_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY", "UNIONPAY_CERTIFICATE"):
        whole = papers[f"DENGHUO_{name}"]
        settings_env.setenv(f"DENGHUO_{name}", whole[:200] + whole[300:])
        with pytest.raises(SettingsError, match=f"DENGHUO_{name}"):
            load(PaymentSettings)
        settings_env.setenv(f"DENGHUO_{name}", whole)


def test_a_certificate_of_another_key_is_named(
    papers: dict[str, str], settings_env: pytest.MonkeyPatch, world: World
) -> None:
    other = world.unionpay_certificate("041@another", world.unionpay)
    settings_env.setenv("DENGHUO_UNIONPAY_CERTIFICATE", other)
    with pytest.raises(SettingsError) as refused:
        load(PaymentSettings)
    assert "DENGHUO_UNIONPAY_CERTIFICATE is not of the key in DENGHUO_UNIONPAY_PRIVATE_KEY" in str(
        refused.value
    )
