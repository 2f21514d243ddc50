"""Letters as they are sent by mail, in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


LETTERS = {
    "invoice_zh": Letter(
        "电费发票 {number}",
        "您要的电费发票开好了，{amount} 元，发票号码 {number}。\n\n"
        "PDF 和 XML 两个文件在附件里，XML 是原件，报销入账请一并保存。\n\n{utility}",
    ),
    "invoice_en": Letter(
        "Your electricity invoice {number}",
        "The invoice you asked for has been issued: {amount} yuan, number {number}.\n\n"
        "Its PDF and XML files are attached. The XML file is the original; keep both for your "
        "books.\n\n{utility}",
    ),
    "red_invoice_zh": Letter(
        "电费发票已冲红 {number}",
        "先前那张电费发票对应的账单又变成未缴，或者重新算过，所以开了红字发票把它冲掉："
        "{amount} 元，红字发票号码 {number}。\n\n账单缴清以后，可以再开一张。\n\n{utility}",
    ),
    "red_invoice_en": Letter(
        "Electricity invoice taken back {number}",
        "A bill on your earlier invoice is unpaid again, or was corrected, so a red invoice takes "
        "it back: {amount} yuan, number {number}.\n\nOnce the bill is paid you can ask for a new "
        "one.\n\n{utility}",
    ),
}


def letter(name: str, params: dict[str, str]) -> Letter:
    """The letter, filled. Raises KeyError for one that there is not, or a parameter missing."""
    form = LETTERS[name]
    return Letter(form.subject.format_map(params), form.text.format_map(params))
