"""Requests: what a customer asks the utility to do, from the first word to the core and back.

`kinds` are data, one YAML each. `drafts` keeps a form until it is sent, `asking` opens a request,
`reading` shows it, `moving` brings it on or cancels it, `files` keeps its photos and papers,
`carrying` takes it to the core, and `following` hears from the core's change feed how far it is.
docs/requests.md describes the whole.
"""
