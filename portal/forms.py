"""What the forms of all pages share."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired

from portal import words
from runtime.errors import Refused


class Form(FlaskForm):
    """A form whose refusals by the service layer stand at the field they are about."""

    refusals: dict[str, str] = {}  # noqa: RUF012 - each form states its own
    """Field name by the beginning of a refusal's code; others are about the whole form."""

    def refuse(self, refusal: Refused) -> None:
        """Say the refusal where it belongs."""
        sentence = words.refusal(refusal)
        for beginning, name in self.refusals.items():
            if refusal.code.startswith(beginning):
                self[name].errors = [*self[name].errors, sentence]
                return
        self.form_errors.append(sentence)


def required(sentence: object = None) -> InputRequired:
    """The field must be filled in."""
    return InputRequired(sentence or _l("这一项要填"))


def phone_field() -> StringField:
    return StringField(_l("手机号"), [required(_l("请填手机号"))])


def code_field() -> StringField:
    return StringField(_l("短信验证码"), [required(_l("请填短信里的 6 位数字"))])
