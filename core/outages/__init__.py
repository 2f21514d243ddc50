"""Outages: announced, changed and ended by the utility, told by the change feed."""
