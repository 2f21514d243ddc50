"""Sealed columns and the index by which they are found."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, cast, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from runtime import crypto
from runtime.crypto import EncryptedText, KeyRing, Undecipherable, blind_index, normalise, use_keys
from runtime.database import Database
from runtime.settings import CryptoSettings, Settings, SettingsError, load

OLD = bytes(range(32))
NEW = bytes(range(1, 33))
INDEX = bytes(range(2, 34))
PHONE = "13812345678"


class Scratch(DeclarativeBase):
    """A base of its own, so that no other test sees this table."""


class Person(Scratch):
    __tablename__ = "person"
    __table_args__ = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(EncryptedText("person.phone"))
    phone_index: Mapped[bytes | None]


@given(st.text(), st.text())
def test_what_is_sealed_opens_in_its_context_only(text: str, context: str) -> None:
    ring = KeyRing({"1": OLD}, INDEX)
    sealed = ring.encrypt(text, context)
    assert ring.decrypt(sealed, context) == text
    with pytest.raises(Undecipherable):
        ring.decrypt(sealed, context + "x")


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    ring = KeyRing({"1": OLD}, INDEX)
    assert ring.encrypt(PHONE, "a") != ring.encrypt(PHONE, "a")


@pytest.mark.parametrize("position", range(31))
def test_a_changed_byte_is_noticed(position: int) -> None:
    ring = KeyRing({"1": OLD}, INDEX)
    sealed = bytearray(ring.encrypt("ab", "a"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(Undecipherable):
        ring.decrypt(bytes(sealed), "a")


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x01\x05ab", b"\x02\x01aaaaaaaaaaaaaaaa"])
def test_bytes_of_no_known_form(junk: bytes) -> None:
    with pytest.raises(Undecipherable):
        KeyRing({"1": OLD}, INDEX).decrypt(junk, "a")


def test_a_key_is_replaced_without_losing_a_row() -> None:
    before, both = KeyRing({"1": OLD}, INDEX), KeyRing({"2": NEW, "1": OLD}, INDEX)
    after = KeyRing({"2": NEW}, INDEX)
    sealed = before.encrypt(PHONE, "a")
    assert both.decrypt(sealed, "a") == PHONE
    assert (before.is_current(sealed), both.is_current(sealed)) == (True, False)
    renewed = both.reencrypt(sealed, "a")
    assert both.reencrypt(renewed, "a") is renewed
    assert after.decrypt(renewed, "a") == PHONE
    with pytest.raises(Undecipherable, match="no key with the id '1'"):
        after.decrypt(sealed, "a")


@pytest.mark.parametrize(
    "spelling",
    [
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "8613812345678",
        "００８６１３８１２３４５６７８",
    ],
)
def test_a_phone_is_found_however_it_is_written(spelling: str) -> None:
    ring = KeyRing({"1": OLD}, INDEX)
    assert normalise(spelling) == PHONE
    assert ring.blind_index(spelling, "a") == ring.blind_index(PHONE, "a")


def test_an_index_tells_contexts_and_keys_apart() -> None:
    ring, other = KeyRing({"1": OLD}, INDEX), KeyRing({"1": OLD}, NEW)
    found = {
        ring.blind_index(PHONE, "a"),
        ring.blind_index(PHONE, "b"),
        other.blind_index(PHONE, "a"),
    }
    assert len(found) == 3
    assert {len(each) for each in found} == {32}
    assert ring.blind_index("11010119900307425x", "a") == ring.blind_index(
        "11010119900307425X", "a"
    )


def test_a_column_is_text_outside_and_bytes_inside(database: Database) -> None:
    with database.unit_of_work() as session:
        Scratch.metadata.create_all(session.connection())
        session.add(Person(id=1, phone=PHONE, phone_index=blind_index(PHONE, "person.phone")))
        session.add(Person(id=2, phone=None, phone_index=None))
        session.flush()
        session.expire_all()
        _check_person(session)


def _check_person(session: Session) -> None:
    index = blind_index("+86 138 1234 5678", "person.phone")
    assert session.scalars(select(Person).filter_by(phone_index=index)).one().phone == PHONE
    assert session.get_one(Person, 2).phone is None
    raw = session.scalars(select(cast(Person.phone, LargeBinary)).filter_by(id=1)).one()
    assert PHONE.encode() not in bytes(str(raw), "utf-8")


def test_a_process_without_keys_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crypto, "_ring", None)
    with pytest.raises(SettingsError, match="use_keys"):
        blind_index(PHONE, "a")
    ring = KeyRing({"1": OLD}, INDEX)
    use_keys(ring)
    assert blind_index(PHONE, "a") == ring.blind_index(PHONE, "a")


def test_the_ring_comes_from_the_settings(settings_env: pytest.MonkeyPatch) -> None:
    old, new = (base64.b64encode(each).decode() for each in (OLD, NEW))
    settings_env.setenv("DENGHUO_ENCRYPTION_KEYS", f"2:{new},1:{old}")
    settings_env.setenv("DENGHUO_BLIND_INDEX_KEY", base64.b64encode(INDEX).decode())
    for settings in (load(CryptoSettings), load(Settings)):
        ring = KeyRing.from_settings(settings)
        assert ring.current == "2"
        assert ring.decrypt(KeyRing({"1": OLD}, INDEX).encrypt("x", "a"), "a") == "x"


@pytest.mark.parametrize(
    "keys", ["", "AAAA", "1:", "1:AAAA", "1:!!", f"1:{'A' * 43}=,1:{'A' * 43}="]
)
def test_malformed_keys_are_refused_without_showing_them(
    keys: str, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_ENCRYPTION_KEYS", keys)
    settings_env.setenv("DENGHUO_BLIND_INDEX_KEY", base64.b64encode(INDEX).decode())
    with pytest.raises(SettingsError, match="DENGHUO_ENCRYPTION_KEYS is malformed") as caught:
        KeyRing.from_settings(load(CryptoSettings))
    assert "AAAA" not in str(caught.value)
