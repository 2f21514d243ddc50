"""What an answer inside a form means: a clear yes, a stop, a phone, an address."""

import re
import unicodedata

_YES_ALONE = re.compile(
    r"(?:(?:嗯+|对+|好+|是的?|行|可以|确认|同意|没错|没问题|成|中|要得|就这样|"
    r"ok(?:ay)?|yes|yep|yeah|sure|confirm(?:ed)?|"
    r"(?:确认|就)?(?:付款?|支付|缴费?|交|提交|登记|报修?|撤销?|撤回|开票?)|"
    r"pay(?: it)?|(?:submit|file|report|take) it(?: back)?|submit|go ahead|do it)"
    r"[的了吧啊呀呢嘞\s!！。.,，]*)+(?:谢谢|多谢|please|thanks?|thank you)?[你您!！。.\s]*",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"^(?:嗯*[，, ]*)(?:好的?|行|可以|对|是的|没问题|ok(?:ay)?|yes|sure)"
    r"(?:[，,。！!～~\s吧呀啊嘞]|谢|多谢|thank|$)|"
    r"(?:那就|就)(?:麻烦|请)?(?:你|您|帮我|照这)*(?:办|交|付|缴|提交|报)|go ahead",
    re.IGNORECASE,
)
_NO_DOUBT = re.compile(
    r"[没冇][有得]?问题|没错|没毛病|没意见|没写错|没变|没差|不错|别问了|别客气|不客气|不用改|不要紧|等师傅|等你们?(?:的|电话|消息)|"
    r"no problem|can't wait",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"不|别|没|莫|未|错|否|勿|弗|唔|冇|拒|驳|反了|有误|取消|拉倒|打住|免了|非也|哪|啥时候|等等|等一|等会|等下|先|算了|改|换|吗|么$|多少|为什么|怎么|[?？]|"
    r"\bno\b|\bnot\b|n't\b|\bwait\b|\bbut\b|\bchange\b|\bwhy\b|\bhow\b|\bwhat\b|\bstop\b|\bcancel\b|"
    r"\bnope\b|^n$|leave it|changed my mind|wrong",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"算了|拉倒|不(?:办|交|缴|弄|付|报|开|撤|申请|投诉|整|搞|充|要|用|了)了|先?不(?:办|交|缴|付|报)(?!了?吗)|"
    r"先(?:等等|放着|停)|等等再|改天|下次(?:再|吧)|回头再|以后再|(?:先|就)?别(?:交|付|扣|办|报|提交|开)了?|"
    r"没事[儿]?了|退出|停下|停止|打住|取消|暂不|我再想想|先别|"
    r"\bstop\b|\bcancel\b|never ?mind|forget it|not now|\bquit\b|maybe later|"
    r"don'?t (?:pay|submit|do)|leave it",
    re.IGNORECASE,
)
_STOP_FIRST = re.compile(
    r"算了|拉倒|不办了|不报了(?=[不\s，,。！!]|$)|不弄了|never ?mind|forget it", re.IGNORECASE
)
_LEFT_FIRST = re.compile(
    r"(?:(?:算了|拉倒|不[办弄报]了|never ?mind|forget it)[\s，,。！!吧]*)+", re.IGNORECASE
)
_DO_IT = re.compile(r"[交缴付充报办开撤]了?吧|提交|改成|换|\b(?:pay|submit|file)\b", re.IGNORECASE)
_QUESTION = re.compile(
    r"[?？]|吗|呢|么$|多少|多久|好久|几|啥|什么|怎么|咋|为何|为什么|哪|谁|是不是|能不能|可不可以|要不要|行不行|"
    r"^(?:what|why|how|when|where|who|which|is|are|do|does|can|could|will|would)\b",
    re.IGNORECASE,
)
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d{9})(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(0\d{2,3}[- ]?\d{7,8}(?:[- ]\d{1,5})?)(?!\d)")
_PLACE = re.compile(
    r"\d|[路街巷弄村镇栋楼号苑里园区室]|\b(?:road|street|lane|avenue|village|estate|building)\b",
    re.I,
)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SPOKEN = str.maketrans("零〇一幺二三四五六七八九", "001123456789")


def is_clear_yes(intent: str, text: str) -> bool:
    """Whether somebody consents beyond doubt: 好的谢谢 does, 谢谢 alone or 好，不过… does not."""
    plain = _NO_DOUBT.sub("好", text).strip()
    if text.startswith("/"):
        return text == "/affirm"
    if _YES_ALONE.fullmatch(plain):
        return True
    if intent not in ("affirm", "thanks") or _DOUBT.search(plain):
        return False
    return intent == "affirm" or bool(_CONSENT.search(plain))


def is_no(intent: str, text: str) -> bool:
    """Whether somebody denies, without saying that the whole matter is to be left."""
    return intent == "deny" or bool(re.match(r"不|没[^电]|错|no(?:[,.! ]*$|,)", text.strip(), re.I))


def is_stop(intent: str, text: str) -> bool:
    """Whether somebody leaves the matter: 算了, 不办了, 先等等. Not with a new wish."""
    if text.startswith("/"):
        return False
    found = _STOP.search(text)
    if _STOP_FIRST.match(text.strip()) and not _DO_IT.search(text):
        return True
    leaving = intent in (
        "deny",
        "cancel_request",
        "goodbye",
        "out_of_scope",
        "nlu_fallback",
        "thanks",
    )
    return bool(found) and (leaving or len(text) <= found.end() - found.start() + 4)


def after_stop(text: str) -> str:
    """What is said after a matter was left: 算了，营业厅在哪."""
    found = _LEFT_FIRST.match(text.strip())
    return text.strip()[found.end() :] if found else ""


def is_question(text: str) -> bool:
    """Whether a text asks something rather than answering."""
    return bool(_QUESTION.search(text.strip()))


def phone_of(text: str) -> str | None:
    """A whole mobile or landline number in a text, also spoken digit by digit."""
    plain = re.sub(r"(?<=\d)[\s-](?=\d)", "", in_digits(text))
    found = _MOBILE.search(plain) or _LANDLINE.search(plain)
    return found[1] if found else None


def mail_of(text: str) -> str | None:
    """An e-mail address in a text."""
    found = _MAIL.search(narrow(text))
    return found[0] if found else None


def is_address(text: str) -> bool:
    """Whether a text could lead somebody to a place: a street, an estate, a number."""
    plain = narrow(text).strip()
    return len(plain) >= 4 and not _MOBILE.search(plain) and bool(_PLACE.search(plain))


def in_digits(text: str) -> str:
    """Numbers that are read out digit by digit: 幺三八 as 138."""
    return narrow(text).translate(_SPOKEN)


def narrow(text: str) -> str:
    """Full-width letters and digits made narrow."""
    return unicodedata.normalize("NFKC", text)
