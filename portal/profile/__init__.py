"""The customer: name, password, signed-in browsers, how pages look."""
