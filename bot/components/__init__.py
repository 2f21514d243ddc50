"""Our own parts of the understanding: tokenizer, meaning of sentences, guard against danger."""
