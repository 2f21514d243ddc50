"""What our own parts of the pipeline have in common."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

HERE = Path(__file__).parent
PACKAGES = HERE.parent / "requirements.txt"


class Part(GraphComponent):
    """Rasa keeps what a part made as long as the part's class, settings and input stay."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """What a class calls upon counts too: every file of ours, and the packages."""
        files = [*sorted(HERE.glob("*.py")), PACKAGES]
        return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


class Learner(Part):
    """A part that learns: `train` leaves files in its own folder of the model."""

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource
    ) -> None:
        """Knows nothing until it is trained or loaded."""
        self._config = config
        self._storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Learner:
        """As Rasa's graph asks."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Learner:
        """What was learned, read back."""
        loaded = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            loaded._open(folder)
        return loaded

    @abstractmethod
    def _open(self, folder: Path) -> None:
        """Read what `train` left in the folder."""
