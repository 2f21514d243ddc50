"""The accounts of a customer: bound, named, chosen, let go."""
