"""What our own parts of the pipeline have in common."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from rasa.engine.graph import GraphComponent

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "requirements.txt"


class Part(GraphComponent):
    """Rasa keeps what a part made as long as the part's class, settings and input stay."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """What a class calls upon counts too: every file of ours, and the packages."""
        files = [*sorted(HERE.glob("*.py")), PACKAGES]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
