"""Who the demo utility supplies: every account with its tariff, its load and its habits.

The roster is the same on every machine and every day: whatever varies is drawn from the account
number.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Literal
from zlib import crc32

import numpy as np

from core.demo import people
from core.demo.people import Person, invented_name, invented_phone

Use = Literal["home", "shop", "pump", "workshop", "cold_store"]
Habit = Literal["prompt", "late", "last_unpaid", "three_unpaid", "prepaid"]
Event = Literal["empty", "surge", "exchange", "rollover", "spike"]


@dataclass(frozen=True, slots=True)
class Load:
    """How a place uses energy. `kwh` is an average month, `kw` the load of a running workshop."""

    use: Use
    kwh: float = 0.0
    shape: int = 0
    shift: int = 0
    pv_kwp: float = 0.0
    kw: float = 0.0
    shifts: int = 1
    power_factor: float | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """One account with its one service point."""

    account_no: str
    holder_name: str
    phone: str
    address: str
    area: str
    kind: str
    tariff: str
    load: Load
    customer_no: str | None = None
    habit: Habit = "prompt"
    people: int | None = None
    low_income: bool = False
    opened: date = date(2018, 3, 1)
    contract_kva: int | None = None
    interval: bool = True
    event: Event | None = None

    @property
    def service_point_no(self) -> str:
        """The service point's number, made from the account's."""
        return f"SP{self.account_no}"

    def meter_no(self, generation: int = 1) -> str:
        """Number of the first meter, or of the one that took its place."""
        return f"{self.account_no}{generation:02}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How many accounts of each sort there are beside the named ones."""

    homes: int = 194
    shops: int = 44
    pumps: int = 8
    firm: int = 40
    small_firm: int = 6


SMALL = Scale(homes=6, shops=2, pumps=1, firm=3, small_firm=1)
"""Enough to have one of every sort."""


def dice(account_no: str, *about: object) -> np.random.Generator:
    """Randomness that is always the same for an account and a subject."""
    return np.random.default_rng(crc32(repr((account_no, *about)).encode()))


def roster(scale: Scale | None = None) -> list[Supply]:
    """All accounts of the utility, the named ones first."""
    scale = scale or Scale()
    return [
        *_named(),
        *islice(_homes(), scale.homes),
        *islice(_shops(), scale.shops),
        *islice(_pumps(), scale.pumps),
        *islice(_workshops(), scale.firm),
        *islice(_cold_stores(), scale.small_firm),
    ]


def _named() -> list[Supply]:
    tou, flat = "zj-residential-tou", "zj-residential"
    return [
        _person(people.HOME, tou, Load("home", 245, 3, 1), habit="last_unpaid", people=3),
        _person(people.SECOND_HOME, flat, Load("home", 70, 0), habit="last_unpaid", people=3),
        _person(people.ELDERS, flat, Load("home", 165, 0, -1), habit="last_unpaid", people=2),
        _person(people.PV_HOME, tou, Load("home", 420, 1, 1, pv_kwp=3.5), people=4),
        _person(people.PREPAID_HOME, flat, Load("home", 190, 3), habit="prepaid", people=2),
        _person(
            people.SHOP,
            "demo-commercial-tou",
            Load("shop", 2100),
            habit="three_unpaid",
            kind="commercial",
            contract_kva=40,
        ),
    ]


def _person(person: Person, tariff: str, load: Load, **given: object) -> Supply:
    supply = Supply(
        account_no=person.account_no,
        holder_name=person.holder_name,
        phone=person.phone,
        address=person.address,
        area="江城东-03",
        kind="residential",
        tariff=tariff,
        load=load,
        opened=date(2019, 5, 20),
    )
    return replace(supply, **given)  # type: ignore[arg-type]


HOME_TARIFFS = (
    "zj-residential-tou",
    "zj-residential",
    "sh-residential",
    "zj-residential-tou",
    "sh-residential-tou",
    "bj-residential",
    "zj-residential",
    "bj-residential-year",
    "gd-residential",
    "sh-residential-tou",
    "zj-residential-tou",
    "sh-residential",
    "gd-residential-tou",
)
FLAT_TARIFFS = {"zj-residential", "sh-residential", "bj-residential", "zj-residential-collective"}
STREETS = ("梧桐里", "临江苑", "柳荫路", "青杉湾", "望江门", "桂花巷", "听雨轩", "石桥头")
EVENTS: dict[int, Event] = {1: "rollover", 2: "surge", 3: "exchange", 5: "empty", 8: "spike"}
"""Homes, by their place in the roster, to which something happens."""


def _homes() -> Iterator[Supply]:
    n = 0
    while True:
        yield _home(n)
        n += 1


def _home(n: int) -> Supply:
    account_no = f"4200{16000000 + 1373 * n:08}"
    luck = dice(account_no, "home")
    tariff = "zj-residential-collective" if n % 31 == 30 else HOME_TARIFFS[n % 13]
    kwh = float(np.clip(luck.lognormal(5.35, 0.35), 110, 420))
    load = Load("home", kwh, int(luck.integers(4)), int(luck.integers(-1, 2)))
    if n % 13 == 10:
        load = replace(load, pv_kwp=float(luck.integers(2, 6)))
    if tariff == "zj-residential-collective":
        load = replace(load, kwh=kwh * 5)
    event = EVENTS.get(n)
    return Supply(
        account_no=account_no,
        holder_name=invented_name(n),
        phone=invented_phone(n),
        address=_address(n),
        area=f"江城东-{1 + n % 6:02}",
        kind="residential",
        tariff=tariff,
        load=load,
        habit=_habit(n, load),
        people=5 + n % 3 if n % 17 == 5 else 1 + n % 4,
        low_income=n % 23 == 11,
        opened=date(2012 + n % 11, 1 + n % 12, 1 + n % 28),
        interval=not (event == "rollover" or (n % 19 == 6 and tariff in FLAT_TARIFFS)),
        event=event,
    )


def _habit(n: int, load: Load) -> Habit:
    if n % 14 == 9 and not load.pv_kwp:
        return "prepaid"
    return "late" if n % 9 == 4 else "prompt"


def _address(n: int) -> str:
    return f"{STREETS[n % 8]} {1 + n // 8 % 20} 栋 {100 * (1 + n * 5 % 24) + 1 + n % 4}"


TRADES = (
    "花店",
    "面馆",
    "水果铺",
    "理发店",
    "书店",
    "茶馆",
    "五金店",
    "便利店",
    "裁缝铺",
    "豆腐坊",
)


def _shops() -> Iterator[Supply]:
    n = 0
    while True:
        account_no = f"4200{20000000 + 1129 * n:08}"
        luck = dice(account_no, "shop")
        kva = (30, 50, 80, 160)[n % 4]
        load = Load("shop", kva * float(luck.uniform(28, 55)))
        if kva >= 100:
            load = replace(load, power_factor=float(luck.uniform(0.80, 0.93)))
        yield Supply(
            account_no=account_no,
            holder_name=f"{people.GIVEN_NAMES[n % 30]}{TRADES[n % 10]}",
            phone=invented_phone(300 + n),
            address=f"{STREETS[n * 3 % 8]} {11 + n * 2} 号",
            area=f"江城西-{1 + n % 4:02}",
            kind="commercial",
            tariff="demo-commercial-tou",
            load=load,
            habit="late" if n % 7 == 3 else "prompt",
            opened=date(2014 + n % 9, 1 + n % 12, 1 + n % 28),
            contract_kva=kva,
        )
        n += 1


def _pumps() -> Iterator[Supply]:
    n = 0
    while True:
        account_no = f"4200{25000000 + 911 * n:08}"
        kva = (30, 50)[n % 2]
        yield Supply(
            account_no=account_no,
            holder_name=f"{STREETS[n % 8]}村第{'一二三四五六七八'[n % 8]}灌溉站",
            phone=invented_phone(400 + n),
            address=f"江城北郊 {n + 1} 号泵房",
            area="江城北-01",
            kind="agriculture",
            tariff="demo-agri-flat",
            load=Load("pump", kw=kva * 0.7),
            opened=date(2016, 4, 1),
            contract_kva=kva,
        )
        n += 1


def _workshops() -> Iterator[Supply]:
    halls = ("主厂房", "织造车间", "染整车间", "空压站", "仓库", "宿舍楼", "污水站", "检验楼")
    n = 0
    while True:
        kva = (1250, 800, 630, 500, 315, 400, 500, 315)[n % 8]
        luck = dice(f"workshop {n}")
        yield _firm_account(
            people.ENTERPRISE,
            n,
            f"纺织东路 1 号 {_ordinal(n // 8)}号{halls[n % 8]}",
            "demo-industrial-2part-capacity" if n % 3 == 2 else "demo-industrial-2part-demand",
            Load(
                "workshop",
                kw=kva * float(luck.uniform(0.35, 0.75)),
                shifts=(2, 3, 3, 3, 1, 1, 3, 1)[n % 8],
                power_factor=float(luck.uniform(0.84, 0.97)),
            ),
            kva,
        )
        n += 1


def _cold_stores() -> Iterator[Supply]:
    n = 0
    while True:
        kva = (630, 400, 315)[n % 3]
        load = Load("cold_store", kw=kva * 0.4, power_factor=0.88 + 0.015 * n)
        address = f"码头路 66 号 {_ordinal(n)}号冷库"
        tariff = "demo-industrial-2part-demand" if n % 3 else "demo-industrial-2part-capacity"
        yield _firm_account(people.SMALL_ENTERPRISE, n, address, tariff, load, kva)
        n += 1


def _firm_account(firm: Person, n: int, address: str, tariff: str, load: Load, kva: int) -> Supply:
    return Supply(
        account_no=f"{int(firm.account_no) + 17 * n}",
        customer_no=people.CUSTOMER_NUMBERS[firm],
        holder_name=firm.holder_name,
        phone=firm.phone,
        address=address,
        area="江城西-05",
        kind="industrial",
        tariff=tariff,
        load=load,
        habit="last_unpaid" if n % 2 == 0 else "prompt",
        opened=date(2015, 9, 1),
        contract_kva=kva,
    )


def _ordinal(n: int) -> str:
    return "一二三四五六七八"[n % 8]
