"""Short messages as they are registered with the provider, word for word, in both languages.

A mainland provider sends registered templates only; what changes is in their parameters.
"""

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
    "code_payment_zh": "您要付 {amount} 元给{payee}。是您本人，就填 {code}，{minutes} 分钟内只对"
    "这一笔有效；不是，别告诉任何人。",
    "code_payment_en": "{code} confirms your payment of {amount} yuan to {payee}, this one only,"
    " for {minutes} minutes. Not you? Don't share it.",
    "code_bind_zh": "有人想看您家的账单和用电，同意就告诉他 {code}，{minutes} 分钟内有效。",
    "code_bind_en": "Someone asks to see your bills. If you agree, tell them {code}"
    " within {minutes} minutes.",
}


def code_template(purpose: str, language: str) -> str:
    """The name of the template that carries a one-time code. Raises KeyError for none."""
    name = f"code_{purpose}_{language}"
    if name not in TEMPLATES:
        raise KeyError(name)
    return name
