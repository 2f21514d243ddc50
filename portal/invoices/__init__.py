"""Invoices: asked for, shown, kept; and the titles they are made out to."""
