"""The demo utility: the invented city of 江城 with its homes, shops and firms."""
