"""Reminders of bills: which of them fall on a day, whom they are for, and what takes them back."""
