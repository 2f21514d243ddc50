"""What the assistant's processes may be told."""

from pathlib import Path

from pydantic import Field, SecretStr

from runtime.settings import Settings


class ModelSettings(Settings):
    """Where what the assistant has learnt is kept."""

    assistant_models: Path | None = Field(
        None,
        description="Folder of the trained models; without it `assistant/models` in DENGHUO_VAR",
    )

    @property
    def models(self) -> Path:
        """Where trained models are kept."""
        return (self.assistant_models or self.var / "assistant" / "models").resolve()


class AssistantSettings(ModelSettings):
    """Ports and papers of Rasa and of its action server."""

    assistant_host: str = Field(
        "127.0.0.1", description="Private address that Rasa and its actions listen on"
    )
    assistant_port: int = Field(8500, ge=0, le=65535, description="Port of Rasa")
    actions_port: int = Field(
        8501, ge=0, le=65535, description="Port of the actions that Rasa asks"
    )
    assistant_api: str = Field(
        "http://127.0.0.1:8000",
        pattern=r"^https?://[^/\s]+$",
        description="Address of the portal, where the actions find the assistant API",
    )
    assistant_token: SecretStr = Field(
        description="Bearer token between portal and assistant, both ways"
    )
    hotline: str = Field("96000", description="Telephone of the utility, shown on every page")
