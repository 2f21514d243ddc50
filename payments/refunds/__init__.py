"""Giving money back, the way it came: by itself when nobody is owed it, or as the desk asks.

A refund is decided once, in one transaction (`making`); the rest is a job (`carrying`) whose every
step can be done again: the core takes its posting back, then the gateway is asked, then it is
done. What the gateway says goes through `hearing`, whoever says it first.
"""

from payments.refunds.asking import KIND, ask_refund, on_approved

__all__ = ["KIND", "ask_refund", "on_approved"]
