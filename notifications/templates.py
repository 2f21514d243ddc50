"""Short messages as they are registered with the provider, word for word, in both languages.

A mainland provider sends registered templates only; what changes is in their parameters.
"""

from string import Formatter

TEMPLATES = {
    "code_sign_in_zh": "{code} 是您的登录验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_sign_in_en": "{code} is your sign-in code for {minutes} minutes. Don't share it.",
    "code_sign_up_zh": "{code} 是您的注册验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_sign_up_en": "{code} is your sign-up code for {minutes} minutes. Don't share it.",
    "code_password_zh": "{code} 是您改密码的验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_password_en": "{code} is your code to change the password for {minutes} minutes."
    " Don't share it.",
    "code_prove_zh": "{code} 是您确认本人的验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_prove_en": "{code} is your code to show it is you, for {minutes} minutes."
    " Don't share it.",
    "code_staff_zh": "{code} 是您进工作台的验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_staff_en": "{code} lets you in to the desk, for {minutes} minutes. Don't share it.",
    "code_payment_zh": "您要付 {amount} 元给{payee}。是您本人，就填 {code}，{minutes} 分钟内只对"
    "这一笔有效；不是，别告诉任何人。",
    "code_payment_en": "{code} confirms your payment of {amount} yuan to {payee}, this one only,"
    " for {minutes} minutes. Not you? Don't share it.",
    "code_follow_zh": "{code} 是您查看所办事项的验证码，{minutes} 分钟内有效，别告诉任何人。",
    "code_follow_en": "{code} opens your request to you, for {minutes} minutes. Don't share it.",
    "code_bind_zh": "有人想看您家的账单和用电，同意就告诉他 {code}，{minutes} 分钟内有效。",
    "code_bind_en": "Someone asks to see your bills. If you agree, tell them {code}"
    " within {minutes} minutes.",
    "autopay_announced_zh": "{day}将用{way}自动缴户号尾号 {tail} 的{month}电费 {amount} 元。"
    "不想扣，可以先自己缴，或在网页上结束自动缴。",
    "autopay_announced_en": "On {day} we will take {amount} yuan by {way}: electricity for"
    " {month}, account ending {tail}. To stop it, pay before, or end automatic payment online.",
    "autopay_done_zh": "{way}已自动缴户号尾号 {tail} 的{month}电费 {amount} 元，不用再缴。",
    "autopay_done_en": "{way} paid {amount} yuan for {month}, account ending {tail}."
    " Nothing more to do.",
    "autopay_failed_zh": "户号尾号 {tail} 的{month}电费 {amount} 元，{way}没有扣成，钱没有扣。"
    "{day}再扣一次，也可以自己缴：{link}",
    "autopay_failed_en": "{way} could not pay {amount} yuan for {month}, account ending {tail}."
    " You were not charged. We try again on {day}, or pay yourself: {link}",
    "autopay_given_up_zh": "户号尾号 {tail} 的{month}电费 {amount} 元，{way}没有扣成，"
    "不再自动扣了。请自己缴：{link}",
    "autopay_given_up_en": "{way} could not pay {amount} yuan for {month}, account ending {tail}."
    " We will not try again. Please pay yourself: {link}",
    "autopay_over_limit_zh": "户号尾号 {tail} 的{month}电费 {amount} 元，超过您定的"
    "每月 {limit} 元，没有扣。请自己缴：{link}",
    "autopay_over_limit_en": "{amount} yuan for {month}, account ending {tail}, is more than your"
    " monthly limit of {limit} yuan. We did not take it. Please pay yourself: {link}",
    "autopay_ended_zh": "户号尾号 {tail} 的自动缴已经在{way}里解约，以后不再自动扣。"
    "要缴就到这里：{link}",
    "autopay_ended_en": "Automatic payment for the account ending {tail} was ended in {way}."
    " From now on please pay here: {link}",
    "balance_sank_zh": "户号尾号 {tail} 的余额还有 {left} 元，低于您定的 {below} 元。充值：{link}",
    "balance_sank_en": "The account ending {tail} has {left} yuan left, less than the {below} yuan"
    " you chose. Top up: {link}",
    "balance_spent_zh": "户号尾号 {tail} 的余额用完了，还差 {left} 元。请尽快充值：{link}",
    "balance_spent_en": "The balance of the account ending {tail} is used up, {left} yuan are"
    " missing. Please top up soon: {link}",
    "request_needs_zh": "您的{what}（受理号 {number}）要您补一样东西，补了才能往下办。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_needs_en": "{what}, No. {number}: we need something from you before we can go on."
    " Open {link} and give the number and the last four digits of this phone.",
    "request_replied_zh": "您的{what}（受理号 {number}）有新的回复。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_replied_en": "{what}, No. {number}: we have written to you."
    " Open {link} and give the number and the last four digits of this phone.",
    "request_visit_zh": "您的{what}（受理号 {number}）上门的时间有新安排。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_visit_en": "{what}, No. {number}: there is news about our visit."
    " Open {link} and give the number and the last four digits of this phone.",
    "request_done_zh": "您的{what}（受理号 {number}）办好了。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_done_en": "{what}, No. {number}: it is done."
    " Open {link} and give the number and the last four digits of this phone.",
    "request_rejected_zh": "您的{what}（受理号 {number}）没有办成，原因已经写明。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_rejected_en": "{what}, No. {number}: we could not do it, and say why."
    " Open {link} and give the number and the last four digits of this phone.",
    "request_back_zh": "您的{what}（受理号 {number}）等的停电已经结束，请告诉我们您家来电了没有。"
    "打开 {link}，填受理号和手机后四位来看。",
    "request_back_en": "{what}, No. {number}: the outage is over; please tell us whether"
    " your power is back."
    " Open {link} and give the number and the last four digits of this phone.",
}


def parameters(name: str) -> set[str]:
    """What a template is filled with. Raises KeyError for one that there is not."""
    return {field for _, field, *_ in Formatter().parse(TEMPLATES[name]) if field}


def code_template(purpose: str, language: str) -> str:
    """The name of the template that carries a one-time code. Raises KeyError for none."""
    name = f"code_{purpose}_{language}"
    if name not in TEMPLATES:
        raise KeyError(name)
    return name
