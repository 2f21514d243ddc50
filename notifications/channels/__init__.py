"""The ways to a person: one interface, and a class for each provider behind it."""
