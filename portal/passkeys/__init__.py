"""Passkeys of the signed-in person, signing in with one, and proving oneself anew."""
