"""Pages of a customer who cannot pay now."""
