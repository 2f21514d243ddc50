"""Work in the field: whose jobs, what is known of the customer there, what was done on the spot."""
