"""The desk for requests: whose turn it is, who has what in hand, and how much lies ahead."""
