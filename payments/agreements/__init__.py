"""Agreements to debit: signed once at a gateway, used on bill days, ended at once."""
