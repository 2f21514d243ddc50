"""Payments as their customer looks back on them."""
