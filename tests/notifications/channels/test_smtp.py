"""Letters, handed over to a real mail server and looked at in the mailbox."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from notifications.channels.base import Busy, Enclosure, Parcel, Refused
from notifications.channels.letters import written
from notifications.channels.smtp import Smtp, signed
from notifications.settings import SmtpSettings
from runtime.settings import SettingsError, load
from tests.notifications.channels.contract import ProviderContract, Sides
from tests.sandbox.server import SandboxServer

PARCEL = Parcel(
    reference="6f1d2c3b4a5968778695a4b3c2d1e0ff",
    recipient="lin@home.example",
    template="arrears_before_zh",
    language="zh",
    params={},
    words={"subject": "12 月电费还有 3 天到期", "text": "一共 149.51 元。\n\n缴上就好。"},
    link="https://denghuo.example/bills/8?a=1&b=2",
    unsubscribe="https://denghuo.example/notices/stop/" + "k" * 90,
    created_at=datetime(2026, 3, 1, 1, 30, tzinfo=UTC),
    enclosures=(Enclosure("电费单.pdf", "application/pdf", b"%PDF-1.7 bill"),),
)


@pytest.fixture
def settings(sandbox: SandboxServer, settings_env: pytest.MonkeyPatch) -> SmtpSettings:
    papers = ("smtp_user", "smtp_password", "dkim_selector", "dkim_key")
    return load(
        SmtpSettings,
        smtp_host="127.0.0.1",
        smtp_port=sandbox.smtp_port,
        smtp_security="plain",
        smtp_timeout=5,
        mail_unsubscribe="stop@denghuo.example",
        **{name: sandbox.paper(name) for name in papers},
    )


@pytest.fixture
def smtp(settings: SmtpSettings) -> Smtp:
    return Smtp(settings)


def test_a_letter_arrives_with_all_that_belongs_to_it(smtp: Smtp, sandbox: SandboxServer) -> None:
    assert smtp.send(PARCEL) == PARCEL.reference
    [found] = sandbox.mail("lin@home.example")
    assert (found["to"], found["subject"]) == ("lin@home.example", PARCEL.words["subject"])
    assert found["text"].startswith("一共 149.51 元。\n\n缴上就好。\n\n" + PARCEL.link)
    assert found["attachments"] == [
        {"name": "电费单.pdf", "type": "application/pdf", "content": "JVBERi0xLjcgYmlsbA=="}
    ]
    headers = found["headers"]
    assert headers["From"] == "灯火 <no-reply@denghuo.example>"
    assert headers["Date"] == "Sun, 01 Mar 2026 01:30:00 +0000"
    assert headers["Message-ID"] == f"<{PARCEL.reference}@denghuo.example>"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"] == (
        f"<{PARCEL.unsubscribe}>, "
        f"<mailto:stop@denghuo.example?subject=unsubscribe%20{PARCEL.reference}>"
    )


def test_the_html_says_the_same_with_one_button(smtp: Smtp, sandbox: SandboxServer) -> None:
    smtp.send(replace(PARCEL, words={"subject": "a <b>", "text": "一 & 二\n三\n\n<script>"}))
    html = sandbox.mail()[0]["html"]
    assert "<h1" in html
    assert "a &lt;b&gt;</h1>" in html
    assert "一 &amp; 二<br>三</p>" in html
    assert "&lt;script&gt;</p>" in html
    assert html.count('href="https://denghuo.example/bills/8?a=1&amp;b=2"') == 1
    assert "打开看</a>" in html
    assert "prefers-color-scheme: dark" in html
    for absent in ("<img", "src=", "url(", "$", "<script"):
        assert absent not in html


def test_a_letter_in_english_and_without_a_link_has_no_button(settings: SmtpSettings) -> None:
    plain = replace(
        PARCEL, language="en", link="", unsubscribe="", words={"subject": "s", "text": "t"}
    )
    letter = written(plain, settings)
    assert letter["List-Unsubscribe"] is None
    html: Any = letter.get_body(("html",))
    assert "<a " not in html.get_content()
    assert 'lang="en"' in html.get_content()


def test_the_same_parcel_is_the_same_letter_and_one_in_the_mailbox(
    smtp: Smtp, settings: SmtpSettings, sandbox: SandboxServer
) -> None:
    assert written(PARCEL, settings).as_bytes() == written(PARCEL, settings).as_bytes()
    smtp.send(PARCEL)
    smtp.send(PARCEL)
    smtp.send(replace(PARCEL, reference="another"))
    assert len(sandbox.mail()) == 2


def test_the_signature_holds_and_covers_how_to_unsubscribe(
    smtp: Smtp, sandbox: SandboxServer
) -> None:
    smtp.send(PARCEL)
    [found] = sandbox.mail()
    assert found["dkim"] == "pass"
    assert {"from", "subject", "list-unsubscribe", "list-unsubscribe-post"} <= set(
        found["dkim_headers"]
    )
    assert found["dkim_headers"].count("from") == 2


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two", "fail (signature)"),
        (b"JVBERi0xLjcgYmlsbA==", b"JVBERi0xLjcgYmlsbB==", "fail (body)"),
        (b"s=sandbox", b"s=another", "fail (unknown key)"),
        (b"no-reply@denghuo.example>", b"no-reply@bank.example>", "fail (another domain)"),
        (b"From:", b"From: x@denghuo.example\r\nFrom:", "fail (another domain)"),
    ],
)
def test_a_letter_that_was_altered_is_found_out(
    settings: SmtpSettings, sandbox: SandboxServer, was: bytes, becomes: bytes, why: str
) -> None:
    letter = signed(written(PARCEL, settings).as_bytes(), settings)
    assert was in letter
    post(sandbox, letter.replace(was, becomes, 1))
    assert sandbox.mail()[0]["dkim"] == why


def test_without_a_key_a_letter_goes_unsigned(
    settings: SmtpSettings, sandbox: SandboxServer
) -> None:
    Smtp(settings.model_copy(update={"dkim_key": SecretStr("")})).send(PARCEL)
    assert sandbox.mail()[0]["dkim"] == "none"


def test_a_line_in_a_word_is_no_header(smtp: Smtp, sandbox: SandboxServer) -> None:
    evil = {"subject": "一\r\nBcc: thief@x.example\r\n\r\nhi", "text": ".\r\n.\r\nQUIT\r\n"}
    smtp.send(replace(PARCEL, words=evil, unsubscribe="https://x>\r\nBcc: thief@x.example"))
    [found] = sandbox.mail()
    assert found["subject"] == "一 Bcc: thief@x.example hi"
    assert {"Bcc", "List-Unsubscribe"} & set(found["headers"]) == set()
    assert found["text"].startswith(".\n.\nQUIT\n")


@pytest.mark.parametrize(
    "recipient",
    ["", "lin", "a@b@c", "a@b\r\nRCPT TO:<c@d>", "a b@c", "<a@b>", "林@home.example", "a,b@c"],
)
def test_an_address_that_is_none_is_refused(
    smtp: Smtp, sandbox: SandboxServer, recipient: str
) -> None:
    with pytest.raises(Refused, match="address"):
        smtp.send(replace(PARCEL, recipient=recipient))
    assert sandbox.mail() == []


def test_a_mailbox_that_does_not_exist_is_refused(smtp: Smtp, sandbox: SandboxServer) -> None:
    with pytest.raises(Refused, match="smtp_550"):
        smtp.send(replace(PARCEL, recipient="0550@home.example"))
    assert sandbox.mail() == []


def test_a_server_out_of_order_may_be_asked_again(smtp: Smtp, sandbox: SandboxServer) -> None:
    sandbox.outage("mail")
    with pytest.raises(Busy, match="smtp_451"):
        smtp.send(PARCEL)
    sandbox.heal()
    smtp.send(PARCEL)
    assert len(sandbox.mail()) == 1


class TestSmtp(ProviderContract):
    """What holds for all providers holds for this one."""

    @pytest.fixture
    def sides(self, settings: SmtpSettings, sandbox: SandboxServer) -> Sides:
        def taken(reference: str) -> int:
            number = f"<{reference}@denghuo.example>"
            return sum(each["headers"]["Message-ID"] == number for each in sandbox.mail())

        return Sides(
            provider=Smtp(settings.model_copy(update={"smtp_timeout": 1.0})),
            unreached=Smtp(settings.model_copy(update={"smtp_port": 1})),
            patience=1.0,
            parcel=lambda reference: replace(PARCEL, reference=reference),
            refused=replace(PARCEL, reference="no", recipient="0550@home.example"),
            taken=taken,
            break_down=lambda kind: sandbox.outage("mail", kind, 60),
            heal=sandbox.heal,
            secrets=(sandbox.paper("smtp_password"), sandbox.paper("dkim_key")),
        )


def test_a_wrong_log_in_is_for_the_operator_to_mend(
    settings: SmtpSettings, sandbox: SandboxServer
) -> None:
    with pytest.raises(Busy, match="smtp_530"):
        Smtp(settings.model_copy(update={"smtp_user": ""})).send(PARCEL)
    with pytest.raises(Busy):
        Smtp(settings.model_copy(update={"smtp_password": SecretStr("no")})).send(PARCEL)
    assert sandbox.mail() == []


@pytest.fixture
def silent_port() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        yield silent.getsockname()[1]


def test_nobody_at_the_address_took_nothing(settings: SmtpSettings, silent_port: int) -> None:
    for port in (silent_port, 1):
        nowhere = settings.model_copy(update={"smtp_port": port, "smtp_timeout": 0.3})
        with pytest.raises(Busy):
            Smtp(nowhere).send(PARCEL)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"smtp_host": "mail.example"}, "on this machine alone"),
        ({"dkim_selector": "a"}, "belong together"),
        ({"mail_from": "x@y\r\nBcc: z@y"}, "DENGHUO_MAIL_FROM"),
    ],
)
def test_settings_that_are_not_safe_do_not_start(
    settings_env: pytest.MonkeyPatch, change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(SmtpSettings, **({"smtp_security": "plain"} | change))


def post(sandbox: SandboxServer, letter: bytes) -> None:
    """Hand over bytes as they are."""
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, "test", timeout=30) as server:
        server.login(sandbox.paper("smtp_user"), sandbox.paper("smtp_password"))
        server.sendmail("a@denghuo.example", ["lin@home.example"], letter)
