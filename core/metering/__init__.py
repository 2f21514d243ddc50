"""Metering: readings come in, are validated and estimated, and become a month's usage."""
