"""Requests: asked for by a form, followed step by step, taken back; reports without a sign-in."""
