"""What the forms of all pages share."""

from collections.abc import Iterable

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import InputRequired

from portal import words
from runtime.errors import Refused
from runtime.money import AmountError, parse_yuan


class OwnWords:
    """Stands where WTForms would speak: what our own validators did not name is simply wrong."""

    def gettext(self, _message: str) -> str:
        return _("这一项填得不对。再看一眼？")

    def ngettext(self, _singular: str, _plural: str, _number: int) -> str:
        return _("这一项填得不对。再看一眼？")


class Form(FlaskForm):
    """A form whose refusals by the service layer stand at the field they are about."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: BaseForm) -> OwnWords:
            return OwnWords()

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


def form_page(template: str, form: Form, **context: object) -> ResponseReturnValue:
    """The page of a form; 422 when it was submitted and something in it is to be put right."""
    return render_template(template, form=form, **context), 422 if form.errors else 200


def one_of(
    label: LazyString, options: Iterable[tuple[str, LazyString | str]], **more: object
) -> RadioField:
    """One of a few values, each with its words."""
    choices = [SelectChoice(value, words) for value, words in options]
    return RadioField(label, choices=choices, **more)


def required(sentence: object = None) -> InputRequired:
    """The field must be filled in."""
    return InputRequired(sentence or _l("这一项要填"))


def fen_typed(text: str, code: str = "amount.malformed") -> int:
    """Yuan as they were typed, in fen. Raises Refused(code)."""
    try:
        return parse_yuan(text)
    except AmountError as error:
        raise Refused(code) from error


def phone_field() -> StringField:
    return StringField(_l("手机号"), [required(_l("请填手机号"))])


def wants_code() -> bool:
    """Whether the button beside the code was pressed, rather than the form submitted."""
    return request.method == "POST" and request.form.get("action") == "send"


def code_field() -> StringField:
    return StringField(_l("短信验证码"), [required(_l("请填短信里的 6 位数字"))])
