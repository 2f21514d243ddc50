"""What a customer is told, by which way and when; mail and the way out of it."""
