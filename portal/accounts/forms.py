"""The forms of binding and naming an account."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.validators import Length, ValidationError

from portal.forms import Form, code_field, one_of, required
from service.people.binding import LAST4
from service.people.links import ALIAS_LENGTH
from service.people.typed import plain

ROLES = (
    ("owner", _l("自己家")),
    ("family_helper", _l("帮家人看")),
    ("payer", _l("只替人缴费")),
)


def _account_no() -> StringField:
    return StringField(_l("户号"), [required(_l("请填户号"))])


def _role() -> RadioField:
    return one_of(_l("这是谁的家"), ROLES, default="owner")


def _alias() -> StringField:
    return StringField(
        _l("给它起个名字（可不填）"), [Length(max=ALIAS_LENGTH, message=_l("名字最长 30 个字"))]
    )


def _four_digits(_form: Form, field: StringField) -> None:
    """What cannot be right costs no try."""
    if not LAST4.fullmatch(plain(field.data)):
        raise ValidationError(_("请填 4 位数字"))


class BindByHolderForm(Form):
    refusals = {"account.number": "account_no", "account.already": "account_no"}  # noqa: RUF012
    account_no = _account_no()
    holder_name = StringField(_l("户名"), [required(_l("请填账单上的户名"))])
    phone_last4 = StringField(
        _l("登记手机号的后 4 位"), [required(_l("请填 4 位数字")), _four_digits]
    )
    role = _role()
    alias = _alias()


class BindByCodeForm(Form):
    refusals = {  # noqa: RUF012
        "account.number": "account_no",
        "account.already": "account_no",
        "code.": "code",
    }
    account_no = _account_no()
    code = code_field()
    role = _role()
    alias = _alias()


class AliasForm(Form):
    alias = _alias()
