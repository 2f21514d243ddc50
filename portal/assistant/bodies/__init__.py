"""The bodies of the assistant's interface: what is asked and what is answered.

The published interface (docs/openapi-assistant.json) is made from these types. What a person reads
comes as words that are ready to be said: money with ¥, energy with its unit, days by name.
"""
