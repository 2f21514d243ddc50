"""Numbers and secrets that nobody can guess."""

import secrets
import string


def digits(count: int) -> str:
    return "".join(secrets.choice(string.digits) for _ in range(count))


def letters_and_digits(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
