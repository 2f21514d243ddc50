"""Two languages, both complete: all Chinese is in the catalogue, and all of it has English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes
from sqlalchemy import select

from runtime.database import Database
from service.models import User
from service.people.events import CodeIssued
from tests.portal.conftest import PASSWORD, PHONE, create_user, post, sign_in

ROOT = Path(__file__).parent.parent.parent
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")
SPOKEN_BY = {"_", "_l", "gettext", "lazy_gettext", "ngettext"}
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
OTHER_WAYS = {
    "portal/i18n.py": {"中文"},  # the language's own name
    "portal/inbox/requests.py": {"\u3002\uff0e.\uff1b; "},  # what a quoted sentence may end with
    "portal/settings.py": {"江城供电"},  # a setting
    "portal/pay/till.py": {"微", "支", "银", "现"},  # marks of the gateways, as a picture would be
    "portal/payments/capitals.py": {
        "零一二三四五六七八九十百千",
        "零壹贰叁肆伍陆柒捌玖拾佰仟",
        "人民币",
        *"零十元角分整",
    },  # figures of a receipt, Chinese in every language
    "portal/formats.py": {
        "\u4e00",  # the first and the last Han character
        "\u9fff",
        "公司|集团|厂|企业|合作社|事务所|中心|学校|医院|银行|委员会|协会",  # what names end with
    },
}


def sentences() -> Catalog:
    """Everything that the code and the templates say."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for folder in ("portal", "templates"):
        prefixed = [(pattern.removeprefix(f"{folder}/"), name) for pattern, name in methods]
        choices = {pattern.removeprefix(f"{folder}/"): each for pattern, each in options.items()}
        for path, _line, message, *_ in extract_from_dir(
            ROOT / folder, prefixed, choices, keywords=KEYWORDS
        ):
            found.add(message, locations=[(path, 0)])
    return found


def english() -> Catalog:
    with (ROOT / "portal/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="en")


def test_every_sentence_has_its_english() -> None:
    catalogue = english()
    said = [message for message in sentences() if message.id]
    assert len(said) > 100
    missing = [
        message.id
        for message in said
        if (found := catalogue.get(message.id)) is None
        or found.fuzzy
        or not all([found.string] if isinstance(found.string, str) else found.string)
    ]
    assert missing == []


def test_english_says_the_same_figures_and_no_chinese() -> None:
    for message in english():
        if not message.id:
            continue
        pairs = (
            [(message.id, message.string)]
            if isinstance(message.id, str)
            else list(zip(message.id, message.string, strict=True))
        )
        for chinese, translated in pairs:
            if not translated:
                continue  # the test above names it
            assert not CHINESE.search(translated), translated
            assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(chinese))


def test_templates_speak_through_the_catalogue(app: Flask) -> None:
    found: list[str] = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        tree = app.jinja_env.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {text.strip()}" for text in _unspoken(tree)]
    assert found == []


def _unspoken(node: nodes.Node) -> Iterator[str]:
    """Chinese that a template would show in every language."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in SPOKEN_BY:
        children: list[nodes.Node] = [each.value for each in node.kwargs]
    else:
        children = list(node.iter_child_nodes())
    text = node.data if isinstance(node, nodes.TemplateData) else ""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        text = node.value
    if CHINESE.search(text):
        yield text
    for child in children:
        yield from _unspoken(child)


def test_code_speaks_through_the_catalogue() -> None:
    found: list[str] = []
    for path in sorted((ROOT / "portal").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        texts = set(_literals(ast.parse(path.read_text(encoding="utf-8"))))
        found += [f"{name}: {text}" for text in sorted(texts - OTHER_WAYS.get(name, set()))]
    assert found == []


def _literals(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SPOKEN_BY:
        return
    body = getattr(node, "body", None)
    docstring = body[0] if isinstance(body, list) and body else None
    for child in ast.iter_child_nodes(node):
        if child is docstring and _is_text(child):
            continue
        if isinstance(node, ast.Module | ast.ClassDef) and _is_text(child):
            continue
        if isinstance(child, ast.Constant) and CHINESE.search(str(child.value)):
            yield str(child.value)
        yield from _literals(child)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or the note below an assignment."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "登录"),
        ({"Accept-Language": "en-GB,en;q=0.9"}, "Sign in"),
        ({"Accept-Language": "zh-TW"}, "登录"),
        ({"Accept-Language": "fr"}, "登录"),
    ],
)
def test_the_browser_says_which_language(
    client: FlaskClient, headers: dict[str, str], word: str
) -> None:
    page = client.get("/sign-in", headers=headers).get_data(as_text=True)
    assert f"<h1>{word}</h1>" in page
    assert ('lang="zh-CN"' in page.split(">")[1]) == (word == "登录")


def test_the_address_decides_and_is_remembered(client: FlaskClient) -> None:
    assert "<h1>Sign in</h1>" in client.get("/sign-in?lang=en").get_data(as_text=True)
    assert "<h1>Sign in</h1>" in client.get("/sign-in").get_data(as_text=True)
    assert "<h1>登录</h1>" in client.get("/sign-in?lang=zh").get_data(as_text=True)


@pytest.mark.parametrize("chosen", ["by the browser", "by hand"])
def test_the_language_before_signing_in_stays(app: Flask, database: Database, chosen: str) -> None:
    create_user(database)
    client = app.test_client()
    if chosen == "by the browser":
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en-GB,en;q=0.9"
    else:
        post(client, "/display", language="en")
    sign_in(client)
    assert '<html lang="en"' in client.get("/profile").text
    with database.unit_of_work() as session:
        assert session.scalars(select(User.language)).one() is None


def test_a_choice_in_this_browser_goes_before_the_profile(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    create_user(database)
    sign_in(client)
    post(client, "/display", language="zh")
    other = app.test_client()
    post(other, "/display", language="en")
    sign_in(other)
    assert '<html lang="en"' in other.get("/profile").text


@pytest.mark.parametrize(("by_hand", "kept"), [(True, "en"), (False, None)])
def test_only_a_chosen_language_is_kept_at_sign_up(
    client: FlaskClient,
    database: Database,
    codes_sent: list[CodeIssued],
    by_hand: bool,
    kept: str | None,
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    if by_hand:
        post(client, "/display", language="en")
    post(client, "/sign-up", phone=PHONE, action="send")
    assert codes_sent[0].language == "en"
    post(client, "/sign-up", phone=PHONE, code=codes_sent[0].code, password=PASSWORD)
    with database.unit_of_work() as session:
        assert session.scalars(select(User.language)).one() == kept


def test_the_profile_follows_to_another_browser(
    app: Flask, client: FlaskClient, database: Database
) -> None:
    create_user(database)
    sign_in(client)
    post(client, "/display", language="en", theme="dark")
    other = app.test_client()
    sign_in(other)
    page = other.get("/profile").get_data(as_text=True)
    assert '<html lang="en" data-theme="dark">' in page
