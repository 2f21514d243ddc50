"""Paying: choose, confirm, go to the gateway, see what became of it."""
