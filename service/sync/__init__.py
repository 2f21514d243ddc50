"""Sync: the customer layer's copy of the core, kept in step change by change.

`sources` says what a source of changes is; `feed` reads the core's change feed and `files` nightly
CSV files. `run` moves the cursor and the rows in one transaction, `status` says how far it came.
"""
