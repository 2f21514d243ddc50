"""The chat: the page, the turn of a conversation, and the cards that stand in it."""
