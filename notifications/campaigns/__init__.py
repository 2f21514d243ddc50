"""Campaigns: the desk tells many people something, at a pace, with leave of a second person."""

from notifications.campaigns import telling  # noqa: F401 - its words are found by kind
