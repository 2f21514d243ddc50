"""Amounts in the capital figures of Chinese receipts, which nobody can change with a stroke.

As in the rules for bills and settlement papers (支付结算办法, annex 1): 人民币 comes first, 整 ends
an amount without fen, one 零 stands for any row of zeros within, none is written at its end.
"""

from runtime.numerals import DIGITS, numeral, split

CAPITALS = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
WHOLE = "整"
CURRENCY = "人民币"


def capital(fen: int) -> str:
    """14951 -> `人民币壹佰肆拾玖元伍角壹分`, 150000 -> `人民币壹仟伍佰元整`."""
    yuan, tenths, hundredths = split(fen)
    said = f"{_number(yuan)}元" if yuan or not fen else ""
    if tenths:
        said += f"{DIGITS[tenths]}角"
    if hundredths:
        said += ("零" if yuan and not tenths else "") + f"{DIGITS[hundredths]}分"
    else:
        said += WHOLE
    return CURRENCY + said.translate(CAPITALS)


def _number(yuan: int) -> str:
    """Capital figures say the one of ten: 12 is `壹拾贰`, where people say `十二`."""
    said = numeral(yuan)
    return f"{DIGITS[1]}{said}" if said.startswith("十") else said
