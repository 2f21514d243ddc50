"""Why money goes back; what the gateway shows the payer beside it."""

WORDS = {
    "paid_elsewhere": "账单已由另一笔付款缴清",
    "paid_late": "付款到账时账单已经缴清",
    "second_trade": "同一笔订单重复付款",
    "wrong_account": "缴错户号，退回付款人",
    "paid_too_much": "多缴的电费，退回付款人",
    "moved_out": "用户已销户，退回余款",
    "bill_wrong": "账单有误，退回多收的电费",
    "other": "电费退款",
}

OF_THE_DESK = ("wrong_account", "paid_too_much", "moved_out", "bill_wrong", "other")
"""Reasons that a person can give; the last one only with words of their own."""
