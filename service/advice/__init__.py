"""Advice from a customer's own figures: what was used when, which tariff suits, where to save.

What is computed here is exact and says what it is computed from; how it is said is the portal's.
"""
