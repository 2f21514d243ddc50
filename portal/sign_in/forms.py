"""The forms at the door."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField

from portal.forms import Form, code_field, phone_field, required


class PasswordSignInForm(Form):
    refusals = {"user.phone": "phone"}  # noqa: RUF012
    phone = phone_field()
    password = PasswordField(_l("密码"), [required(_l("请填密码"))])
    next = HiddenField()


class CodeSignInForm(Form):
    refusals = {"user.phone": "phone", "code.": "code"}  # noqa: RUF012
    phone = phone_field()
    code = code_field()
    next = HiddenField()


class SecondByCodeForm(Form):
    refusals = {"code.": "code"}  # noqa: RUF012
    code = code_field()
    next = HiddenField()


class SecondByPasswordForm(Form):
    refusals = {"second.wrong": "password"}  # noqa: RUF012
    password = PasswordField(_l("密码"), [required(_l("请填密码"))])
    next = HiddenField()


class SignUpForm(Form):
    refusals = {"user.": "phone", "code.": "code", "password.": "password"}  # noqa: RUF012
    phone = phone_field()
    code = code_field()
    password = PasswordField(_l("密码"), [required(_l("请设一个密码"))])
    name = StringField(_l("怎么称呼您（可不填）"))
