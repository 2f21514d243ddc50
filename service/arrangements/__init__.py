"""Arrangements to pay later: promises, which customers make, and instalments, which they ask for.

What is kept or broken says the copy of the core alone (`following`); `rules.yaml` says who may.
"""

from service.arrangements.resting import paused

__all__ = ["paused"]
