"""Where providers of channels bring what became of messages, and what people answer."""
