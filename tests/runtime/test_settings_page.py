"""Every setting of every room stands in docs/settings.md, as the code has it."""

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from runtime.settings import Settings, variable

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROOMS = ["runtime", "core", "service", "payments", "notifications", "portal", "sandbox", "denghuo"]


def _classes(cls: type[Settings] = Settings) -> Iterator[type[Settings]]:
    yield cls
    for each in cls.__subclasses__():
        yield from _classes(each)


def _rows() -> list[str]:
    """The rows of all rooms; a variable that two rooms read may have a row for each."""
    for room in ROOMS:
        if importlib.util.find_spec(f"{room}.settings"):
            importlib.import_module(f"{room}.settings")
    rows: dict[str, None] = {}
    for cls in _classes():
        if cls.__module__.partition(".")[0] in ROOMS:
            for name, field in cls.model_fields.items():
                rows[_row(variable(cls, name), field)] = None
    return list(rows)


def _row(name: str, field: FieldInfo) -> str:
    assert field.description, f"{name} has no description"
    return f"| `{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    assert value is not PydanticUndefined
    return "none" if value is None or value == "" else f"`{value}`"


def test_every_setting_stands_on_the_page() -> None:
    rows = _rows()
    page = PAGE.read_text(encoding="utf-8").splitlines()
    missing = [row for row in rows if row not in page]
    assert not missing, "Paste these into docs/settings.md:\n" + "\n".join(missing)


def test_the_page_names_no_setting_that_does_not_exist() -> None:
    rows = set(_rows())
    page = PAGE.read_text(encoding="utf-8").splitlines()
    stale = [
        line
        for line in page
        if line.startswith(("| `DENGHUO_", "| `DATABASE_URL")) and line not in rows
    ]
    assert not stale, "Not as the code has it:\n" + "\n".join(stale)
