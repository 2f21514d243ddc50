"""The form in which a customer says with what and up to how much they are debited."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice

from portal.forms import Form, fen_typed, required
from portal.pay.till import Way


class SignForm(Form):
    """A wallet, and a limit for each month."""

    limit = StringField(_l("每月最多扣多少（元）"), [required()])
    way = RadioField(_l("从哪里扣"), [required(_l("请选一种"))])
    refusals = {"amount.": "limit"}  # noqa: RUF012 - as the base declares it

    def offer(self, ways: list[Way]) -> None:
        """The wallets that can be chosen; the first is, until another was."""
        self.way.choices = [SelectChoice(way.name, way.title) for way in ways]
        if self.way.data is None and ways:
            self.way.data = ways[0].name

    def limit_fen(self) -> int:
        """The sum as typed. Raises Refused("amount.malformed")."""
        return fen_typed(self.limit.data or "")
