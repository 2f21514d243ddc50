"""Who is likely to pay late, so that they are reminded earlier and more kindly; whose usage fell.

`history` reads when bills were paid, `features` says what was known of an account on a day,
`learning` finds what matters, and `scoring` puts it into a probability and into reasons. What it
uses, what it never uses and how well it does stands in `docs/insight.md`.
"""
