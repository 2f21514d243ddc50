"""The service account in WeChat: a way into the same conversation, and to the same account."""
