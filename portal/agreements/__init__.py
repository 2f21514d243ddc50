"""Pages of automatic payment: what was signed for which account, and how to end it."""
