"""Customers as the utility's own people at the desk see them: found, looked at, served."""
