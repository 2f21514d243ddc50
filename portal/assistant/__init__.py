"""What the assistant may ask and do for the person of one conversation (docs/assistant-api.md)."""
