"""The forms about the customer."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import Length

from portal.forms import Form, code_field, one_of, required
from portal.i18n import LANGUAGES
from service.people.users import NAME_LENGTH


class ProfileForm(Form):
    name = StringField(_l("怎么称呼您"), [Length(max=NAME_LENGTH, message=_l("称呼最长 40 个字"))])
    language = one_of(_l("语言"), LANGUAGES.items())
    theme = one_of(
        _l("深浅"), [("system", _l("随系统")), ("light", _l("浅色")), ("dark", _l("深色"))]
    )
    elder_mode = BooleanField(_l("大字版：字大、按钮大、对比强"))


def _new_password() -> PasswordField:
    return PasswordField(_l("新密码"), [required(_l("请设一个新密码"))])


class PasswordForm(Form):
    refusals = {  # noqa: RUF012
        "password.wrong": "current",
        "password.locked": "current",
        "password.": "new",
    }
    current = PasswordField(_l("现在的密码"))
    new = _new_password()


class PasswordByCodeForm(Form):
    refusals = {"code.": "code", "password.": "new"}  # noqa: RUF012
    code = code_field()
    new = _new_password()
