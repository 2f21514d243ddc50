"""Outages: the public list, one of them, and the notice of a person's own on their home page."""
