"""Tariff files: read, checked, and found by id and month. YAML numbers become exact decimals."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from rating.power_factor import Table
from rating.schema import Tariff, Terms

HERE = Path(__file__).parent
T = TypeVar("T")
MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


class TariffError(Exception):
    """A tariff file that cannot be used: which file, where in it, and why."""

    def __init__(self, file: Path, path: str, reason: str) -> None:
        self.file, self.path, self.reason = file, path, reason
        super().__init__(f"{file.name}: {path or 'the file'}: {reason}")


class UnknownTariff(LookupError):  # noqa: N818 -- says more than UnknownTariffError
    """No tariff of this id."""

    def __init__(self, tariff: str, period: str) -> None:
        self.tariff, self.period = tariff, period
        super().__init__(self.sentence())

    def sentence(self) -> str:
        return f'there is no tariff "{self.tariff[:60]}"'


class NotInForce(UnknownTariff):
    """The tariff is known, but has no version for the month."""

    def sentence(self) -> str:
        return f"{self.tariff} has no prices for {self.period}"


@dataclass(frozen=True, eq=False)
class TariffVersion:
    """A tariff as it holds at some time: `tariff` says what it is, `terms` what it charges."""

    tariff: Tariff
    terms: Terms
    pf_rates: tuple[Decimal, ...] | None
    """Signed fraction of the base by power factor 0.00 .. 1.00; None without a PF standard."""


class Tariffs:
    """All tariffs of a folder."""

    def __init__(self, versions: Mapping[str, tuple[TariffVersion, ...]]) -> None:
        self._versions = dict(versions)

    def __iter__(self) -> Iterator[Tariff]:
        return (versions[0].tariff for versions in self._versions.values())

    def find(self, tariff: str, period: str | date) -> TariffVersion:
        """The version in force in a billing month "YYYY-MM" or on a day.

        Raises UnknownTariff, or NotInForce when the tariff has no version then.
        """
        day = period if isinstance(period, date) else first_day(period)
        versions = self._versions.get(tariff)
        if versions is None:
            raise UnknownTariff(tariff, f"{day:%Y-%m}")
        for version in versions:
            if version.terms.holds_on(day):
                return version
        raise NotInForce(tariff, f"{day:%Y-%m}")


def first_day(period: str) -> date:
    """The first day of a billing month "YYYY-MM"; ValueError when it is none."""
    found = MONTH.fullmatch(period)
    if not found or found[1] == "0000":
        raise ValueError("must be a month such as 2025-07")
    return date(int(found[1]), int(found[2]), 1)


def load_tariffs(folder: Path | None = None) -> Tariffs:
    """All tariffs of a folder, or the shipped ones (read once). Raises TariffError."""
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> Tariffs:
    return _load(HERE / "tariffs")


def _load(folder: Path) -> Tariffs:
    tables = _pf_tables()
    found: dict[str, tuple[TariffVersion, ...]] = {}
    for file in sorted(folder.glob("*.yaml")):
        tariff: Tariff = _validated(file, TypeAdapter(Tariff))
        if tariff.id != file.stem:
            raise TariffError(file, "id", f'must be the name of the file, "{file.stem}"')
        found[tariff.id] = tuple(
            TariffVersion(tariff, terms, _rates(file, place, terms, tables))
            for place, terms in enumerate(tariff.versions)
        )
    if not found:
        raise TariffError(folder, "", "holds no tariff")
    return Tariffs(found)


def _rates(
    file: Path, place: int, terms: Terms, tables: Mapping[Decimal, tuple[Decimal, ...]]
) -> tuple[Decimal, ...] | None:
    if terms.power_factor is None:
        return None
    if terms.power_factor not in tables:
        known = ", ".join(str(standard) for standard in tables)
        raise TariffError(file, f"versions.{place}.power_factor", f"must be one of {known}")
    return tables[terms.power_factor]


@cache
def _pf_tables() -> dict[Decimal, tuple[Decimal, ...]]:
    file = HERE / "power_factor.yaml"
    tables = _validated(file, TypeAdapter(dict[Decimal, Table]))
    return {standard: table.rates() for standard, table in tables.items()}


def _validated(file: Path, form: TypeAdapter[T]) -> T:
    try:
        return form.validate_python(_read(file))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        raise TariffError(file, path, _reason(first["msg"])) from error


def _reason(message: str) -> str:
    return re.sub(r"Decimal\('(.+?)'\)", r"\1", message.removeprefix("Value error, "))


def _read(file: Path) -> object:
    try:
        return yaml.load(file.read_text("utf-8"), Loader=_ExactLoader)  # noqa: S506 -- a safe one
    except (yaml.YAMLError, OSError, ValueError, TypeError) as error:
        raise TariffError(file, "", f"cannot be read: {' '.join(str(error).split())}") from error


class _ExactLoader(yaml.CSafeLoader):
    """Safe YAML with exact decimals, immutable sequences and no field given twice."""

    def exact(self, node: yaml.ScalarNode) -> Decimal:
        try:
            return Decimal(node.value)
        except InvalidOperation as error:
            problem = f'"{node.value}" is not a decimal number'
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def sequence(self, node: yaml.SequenceNode) -> tuple[object, ...]:
        return tuple(self.construct_object(item, deep=True) for item in node.value)

    def mapping(self, node: yaml.MappingNode) -> dict[object, object]:
        found: dict[object, object] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in found:
                raise yaml.constructor.ConstructorError(
                    None, None, f'"{key}" is given twice', key_node.start_mark
                )
            found[key] = self.construct_object(value_node, deep=True)
        return found


_ExactLoader.add_constructor("tag:yaml.org,2002:float", _ExactLoader.exact)
_ExactLoader.add_constructor("tag:yaml.org,2002:seq", _ExactLoader.sequence)
_ExactLoader.add_constructor("tag:yaml.org,2002:map", _ExactLoader.mapping)
