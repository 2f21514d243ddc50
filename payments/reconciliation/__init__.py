"""Reconciliation: every day the gateways' statements, our orders and the core's file, compared."""
