"""The form of a title."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from payments.invoices.titles import ENTERPRISE, NAME_LENGTH, PERSONAL
from portal.forms import Form, one_of, required

KINDS = ((PERSONAL, _l("个人")), (ENTERPRISE, _l("单位")))


class TitleForm(Form):
    refusals = {"title.name": "name", "title.tax_no": "tax_no"}  # noqa: RUF012
    kind = one_of(_l("开给谁"), KINDS, default=PERSONAL)
    name = StringField(
        _l("抬头"),
        [
            required(_l("请填抬头")),
            Length(max=NAME_LENGTH, message=_l("抬头最长 100 个字")),
        ],
    )
    tax_no = StringField(_l("统一社会信用代码（单位要填）"))
