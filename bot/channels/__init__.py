"""How messages reach the assistant and its answers leave it."""
