"""Money is integer fen; the gateways write yuan."""


def yuan(fen: int) -> str:
    """`14951` as `149.51`, `-5` as `-0.05`."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
