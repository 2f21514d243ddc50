"""Confirming large payments: by passkey, or by a code whose message names sum and payee."""
