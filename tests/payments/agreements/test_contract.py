"""One contract for every gateway's agreements, against a gateway of the documented wire."""

from datetime import timedelta
from typing import Any

import pytest

from payments.agreements.base import AgreementGateway, Contract, Debit, Debited
from payments.gateways.base import (
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    NotificationRefused,
    TradeState,
)
from runtime import clock
from tests.payments.agreements.conftest import CODE, Wallets, signing
from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxServer

ORDER = "20261211abcdefghjkmnpqrstuvw"


@pytest.fixture(params=["wechat", "alipay"])
def gateway(
    request: pytest.FixtureRequest, allowed: dict[str, AgreementGateway]
) -> AgreementGateway:
    return allowed[request.param]


@pytest.fixture
def signed(gateway: AgreementGateway, merchant: Merchant, wallets: Wallets) -> dict[str, Any]:
    """An agreement in force, and nothing in the merchant's ears yet."""
    done = wallets.agree(gateway.sign(signing(merchant.url)))
    merchant.wait(1)
    merchant.heard.clear()
    return done


@pytest.fixture
def debit(signed: dict[str, Any], merchant: Merchant) -> Debit:
    return Debit(ORDER, signed["contract_no"], 14951, "电费自动缴", merchant.url)


def _headers(heard: Heard) -> dict[str, str]:
    return dict(heard.headers.items())


@pytest.mark.parametrize("on_a_phone", [True, False])
def test_signing_is_proven_by_message_and_by_question(
    gateway: AgreementGateway, merchant: Merchant, wallets: Wallets, on_a_phone: bool
) -> None:
    assert gateway.query(CODE).state is Contract.ABSENT
    before = clock.now()
    address = gateway.sign(signing(merchant.url, on_a_phone=on_a_phone))
    assert gateway.query(CODE).state is Contract.ABSENT
    contract_no = wallets.agree(address)["contract_no"]
    heard = merchant.wait(1)[0]
    told = gateway.verify_notification(_headers(heard), heard.body)
    for agreed in (told.agreed, gateway.query(CODE)):
        assert agreed is not None
        assert (agreed.code, agreed.state) == (CODE, Contract.SIGNED)
        assert agreed.contract_no == contract_no
        assert agreed.wallet
        assert agreed.signed_at is not None
        assert abs(agreed.signed_at - before) < timedelta(seconds=5)
        assert agreed.merchant.items() <= gateway.merchant.items()
    assert told.agreed is not None
    assert told.agreed.merchant


def test_asking_to_sign_again_leads_to_the_same_agreement(
    gateway: AgreementGateway, merchant: Merchant, wallets: Wallets, sandbox: SandboxServer
) -> None:
    sandbox.open(gateway.sign(signing(merchant.url)))
    sandbox.open(gateway.sign(signing(merchant.url)))
    assert [each["code"] for each in wallets.all()] == [CODE]


def test_who_refuses_has_signed_nothing(
    gateway: AgreementGateway, merchant: Merchant, wallets: Wallets
) -> None:
    wallets.agree(gateway.sign(signing(merchant.url)), "refuse")
    assert gateway.query(CODE).state is Contract.ABSENT
    assert merchant.heard == []


def test_ending_is_final_and_ending_twice_is_one(
    gateway: AgreementGateway, signed: dict[str, Any], merchant: Merchant, debit: Debit
) -> None:
    for _ in range(2):
        gateway.end(CODE)
    assert gateway.query(CODE).state in (Contract.ENDED, Contract.ABSENT)
    heard = merchant.wait(1)[0]
    told = gateway.verify_notification(_headers(heard), heard.body)
    assert told.agreed is not None
    assert (told.agreed.code, told.agreed.state) == (CODE, Contract.ENDED)
    with pytest.raises(GatewayRefused) as refusal:
        gateway.debit(debit)
    assert refusal.value.reason == "agreement_ended"


def test_what_was_never_signed_counts_as_ended(gateway: AgreementGateway) -> None:
    gateway.end(CODE)


def test_an_ending_in_the_wallet_is_told(
    gateway: AgreementGateway, signed: dict[str, Any], merchant: Merchant, wallets: Wallets
) -> None:
    wallets.do(CODE, "end")
    heard = merchant.wait(1)[0]
    told = gateway.verify_notification(_headers(heard), heard.body)
    assert told.agreed is not None
    assert told.agreed.state is Contract.ENDED
    assert told.agreed.ended_at is not None


def test_a_debit_takes_the_money_once(
    gateway: AgreementGateway,
    debit: Debit,
    merchant: Merchant,
    sandbox: SandboxServer,
    offered: dict[str, Gateway],
) -> None:
    assert gateway.debited(ORDER) is Debited.ABSENT
    assert gateway.debit(debit) in (Debited.PAID, Debited.PENDING)
    assert gateway.debited(ORDER) is Debited.PAID
    assert gateway.debit(debit) is Debited.PAID
    orders = sandbox.orders("paid")
    assert [(each["out_trade_no"], each["total_fen"]) for each in orders] == [(ORDER, 14951)]
    heard = merchant.wait(1)[0]
    trade = offered[gateway.name].verify_notification(_headers(heard), heard.body).trade
    assert trade is not None
    assert (trade.order_no, trade.state, trade.amount_fen) == (ORDER, TradeState.PAID, 14951)
    assert trade.merchant == offered[gateway.name].merchant
    assert offered[gateway.name].query(ORDER).trade_no == trade.trade_no


def test_a_wallet_without_money_says_so(
    gateway: AgreementGateway, debit: Debit, wallets: Wallets, sandbox: SandboxServer
) -> None:
    wallets.do(CODE, "no_money")
    if gateway.name == "alipay":
        with pytest.raises(GatewayRefused) as refusal:
            gateway.debit(debit)
        assert refusal.value.reason == "not_enough"
    else:
        assert gateway.debit(debit) is Debited.PENDING
        assert gateway.debited(ORDER) is Debited.FAILED
    assert sandbox.orders("paid") == []
    wallets.do(CODE, "pays")
    gateway.debit(debit)
    assert gateway.debited(ORDER) is Debited.PAID


def test_a_debit_may_stay_open_and_fail_or_be_paid_in_the_end(
    gateway: AgreementGateway,
    debit: Debit,
    wallets: Wallets,
    sandbox: SandboxServer,
    offered: dict[str, Gateway],
) -> None:
    wallets.do(CODE, "pending")
    assert gateway.debit(debit) is Debited.PENDING
    assert gateway.debited(ORDER) is Debited.PENDING
    sandbox.pay(ORDER)
    assert gateway.debited(ORDER) is Debited.PAID
    other = Debit("another0order", debit.contract_no, 1, debit.description, debit.notify_url)
    gateway.debit(other)
    offered[gateway.name].close("another0order")
    assert gateway.debited("another0order") is Debited.FAILED
    with pytest.raises(GatewayRefused):
        gateway.debit(other)


def test_another_amount_under_the_same_number_is_refused(
    gateway: AgreementGateway, debit: Debit, wallets: Wallets, sandbox: SandboxServer
) -> None:
    wallets.do(CODE, "pending")
    gateway.debit(debit)
    with pytest.raises(GatewayRefused):
        gateway.debit(Debit(ORDER, debit.contract_no, 1, debit.description, debit.notify_url))
    assert [each["total_fen"] for each in sandbox.orders()] == [14951]


@pytest.mark.silence
@pytest.mark.parametrize("kind", ["error", "timeout", "lost_answer"])
def test_a_gateway_that_fails_leaves_nothing_certain(
    gateway: AgreementGateway, debit: Debit, sandbox: SandboxServer, kind: str
) -> None:
    sandbox.outage(gateway.name, kind, 60)
    for ask in (
        lambda: gateway.debit(debit),
        lambda: gateway.query(CODE),
        lambda: gateway.end(CODE),
        lambda: gateway.debited(ORDER),
    ):
        with pytest.raises(GatewayUnavailable):
            ask()
    sandbox.heal()


@pytest.mark.silence
def test_a_debit_whose_answer_was_lost_is_not_made_twice(
    gateway: AgreementGateway, debit: Debit, sandbox: SandboxServer
) -> None:
    sandbox.outage(gateway.name, "lost_answer", 60)
    with pytest.raises(GatewayUnavailable):
        gateway.debit(debit)
    sandbox.heal()
    assert gateway.debit(debit) is Debited.PAID
    assert len(sandbox.orders("paid")) == 1


def test_forged_and_bent_messages_are_refused(
    gateway: AgreementGateway, merchant: Merchant, wallets: Wallets
) -> None:
    wallets.agree(gateway.sign(signing(merchant.url)), "forged")
    heard = merchant.wait(1)[0]
    with pytest.raises(NotificationRefused) as refusal:
        gateway.verify_notification(_headers(heard), heard.body)
    assert refusal.value.reason == "bad_signature"


def test_messages_about_orders_are_none_about_agreements(
    gateway: AgreementGateway, debit: Debit, merchant: Merchant
) -> None:
    gateway.debit(debit)
    heard = merchant.wait(1)[0]
    assert gateway.verify_notification(_headers(heard), heard.body).agreed is None


def test_the_answer_to_a_message(gateway: AgreementGateway) -> None:
    taken, refused = gateway.answer(True), gateway.answer(False)
    assert (taken.status, refused.status) == (200, 400)
    assert taken.body in (b"success", b'{"code":"SUCCESS","message":""}')
