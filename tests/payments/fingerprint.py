"""Whether anything moved: every table there is, before and after."""

from typing import Any

from sqlalchemy import text

from runtime.database import Database

_TABLES = text("""
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname IN ('public', 'core') AND tablename <> ALL (:but)
""")
_SUM = "SELECT '{0}', count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {0} t"


def everything(database: Database, *but: str) -> list[Any]:
    """A fingerprint of all tables (money, jobs, all there is) `but` the audit's own."""
    with database.unit_of_work() as session:
        tables = session.scalars(_TABLES, {"but": list(but)}).all()
        sums = " union all ".join(_SUM.format(table) for table in tables)
        return list(session.execute(text(f"{sums} order by 1")).all())
