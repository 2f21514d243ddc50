"""The books: double entry, append-only, one row for each movement of money."""
