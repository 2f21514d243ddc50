"""Energy: use, tiers, tariffs, advice."""

from pydantic import Field

from portal.assistant.bodies.common import AccountNo, Answer, Day, Energy, Fen, Money, Words


class PeriodUse(Answer):
    """What was used in a period of the day."""

    name: Words
    kwh: Energy


class Earlier(Answer):
    """The same days a year before."""

    words: Words
    kwh: Energy
    sentence: Words


class Usage(Answer):
    """The use of some days. `amount` is what the bills of those months come to, where the days
    are whole months and all of them are billed."""

    account_no: AccountNo
    label: Words
    from_day: Day = Field(alias="from")
    to_day: Day = Field(alias="to")
    words: Words
    kwh: Energy
    amount: Money | None
    days: int
    known_days: int
    complete: bool
    by_period: list[PeriodUse]
    compared: Earlier | None
    sentence: Words


class Tier(Answer):
    """The tier that a household is in, of so many; None where the tariff has none or nothing is
    known. `left_kwh` is None in the last one."""

    account_no: AccountNo
    label: Words
    tier: int | None
    of: int
    left_kwh: Energy | None
    resets_words: str
    sentence: Words


class TariffLine(Answer):
    """A price of a tariff, and when or for what it holds."""

    name: Words
    price: Words
    when: str


class Tariff(Answer):
    """The tariff of an account; without one the utility's general one for homes."""

    account_no: AccountNo | None
    name: Words
    sentence: Words
    lines: list[TariffLine]


class TariffOption(Answer):
    """A tariff that the account may choose. `year_fen` is what the energy of the time in
    `basis_words` costs under it, brought to a year; `difference` is against the present one."""

    tariff: str
    name: Words
    current: bool
    year_fen: Fen
    year: Money
    difference: str | None


class TariffAdvice(Answer):
    """The tariffs to choose from, the cheapest first; `best` is the id of the first."""

    account_no: AccountNo
    label: Words
    basis_words: Words
    options: list[TariffOption]
    best: str | None
    sentence: Words
    enough_data: bool


class Tip(Answer):
    """Something to do, and the figure of one's own that says why."""

    sentence: Words
    why: Words | None


class SavingAdvice(Answer):
    """Two to four tips; general ones where nothing is known of the person's own use."""

    account_no: AccountNo | None
    tips: list[Tip] = Field(min_length=2, max_length=4)
    sentence: Words
