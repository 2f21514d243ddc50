"""The desk: pages of the utility's own people, a module for each room of it."""
