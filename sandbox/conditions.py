"""Conditions that a tester has ordered, by name; they hold until they are ordered otherwise."""

from sqlite3 import Connection


def get(db: Connection, name: str) -> str | None:
    row = db.execute("select value from condition where name = ?", (name,)).fetchone()
    return row["value"] if row else None


def put(db: Connection, name: str, value: str) -> None:
    """In place of the one before."""
    db.execute("insert or replace into condition (name, value) values (?, ?)", (name, value))


def clear(db: Connection, start: str = "") -> None:
    """Those whose names begin so; all of them, unless told otherwise."""
    db.execute("delete from condition where name like ?", (f"{start}%",))
