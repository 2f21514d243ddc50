"""Lifts `emergency` where a message shows danger and the classifier wavers; lowers it if denied."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.danger import read

EMERGENCY = "emergency"
OUT_OF_SCOPE = "out_of_scope"
Ranking = list[dict[str, Any]]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DangerGuard(GraphComponent, IntentClassifier):
    """Stands behind the classifier; says nothing about messages without a sign of danger."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa sorts the pipeline by this."""
        return [IntentClassifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """From which confidence on the classifier's own word stands, against danger and for it.

        For `out_of_scope` it never stands: what was recognised as nothing speaks for nothing.
        """
        return {"sure_of_another": 0.99, "sure_of_danger": 0.97, "confidence": 0.95}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DangerGuard:
        """As Rasa's graph asks."""
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        """Nothing is learned."""
        self._config = config

    def process(self, messages: list[Message]) -> list[Message]:
        """The ranking of each message, changed where the signs ask for it."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY)
            if ranking and (changed := self.weigh(message.get(TEXT) or "", ranking)) is not ranking:
                message.set(INTENT, changed[0], add_to_output=True)
                message.set(INTENT_RANKING_KEY, changed, add_to_output=True)
        return messages

    def weigh(self, text: str, ranking: Ranking) -> Ranking:
        """The same list when nothing is to change, else a new one."""
        first, reading = ranking[0], read(text)
        if reading == "present" and first["confidence"] < self._limit(first["name"]):
            return self._lifted(ranking)
        is_danger = first["name"] == EMERGENCY
        wavers = is_danger and first["confidence"] < self._config["sure_of_danger"]
        if reading == "taken_back" and wavers:
            second = ranking[1]
            lifted = {**second, "confidence": first["confidence"]}
            return [lifted, {**first, "confidence": second["confidence"]}, *ranking[2:]]
        return ranking

    def _limit(self, intent: str) -> float:
        if intent == OUT_OF_SCOPE:
            return float("inf")
        return self._config["confidence" if intent == EMERGENCY else "sure_of_another"]

    def _lifted(self, ranking: Ranking) -> Ranking:
        """Danger first; the others share what is left, or their nearness would count as doubt."""
        confidence = self._config["confidence"]
        others = [
            each | {"confidence": each["confidence"] * (1 - confidence)}
            for each in ranking
            if each["name"] != EMERGENCY
        ]
        return [{"name": EMERGENCY, "confidence": confidence}, *others]
