"""Whether what Rasa measured is good enough."""
