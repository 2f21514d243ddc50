"""The words of messages, in both languages. A message is short and says what it is for."""

_CODES = {
    ("sign_in", "zh"): "【灯火】{code} 是您的登录验证码，5 分钟内有效，别告诉任何人。",
    ("sign_in", "en"): "[Denghuo] {code} is your sign-in code for 5 minutes. Don't share it.",
    ("sign_up", "zh"): "【灯火】{code} 是您的注册验证码，5 分钟内有效，别告诉任何人。",
    ("sign_up", "en"): "[Denghuo] {code} is your sign-up code for 5 minutes. Don't share it.",
    ("bind", "zh"): "【灯火】有人想看您家的账单和用电，同意就告诉他 {code}，5 分钟内有效。",
    ("bind", "en"): "[Denghuo] Someone asks to see your bills. To agree, tell them {code}.",
}


def code(purpose: str, digits: str, language: str) -> str:
    """The message that carries a one-time code."""
    return _CODES[purpose, language].format(code=digits)
