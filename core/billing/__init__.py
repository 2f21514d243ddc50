"""Billing: bills, balances and the money that settles them. Amounts in fen, energy in Wh."""
