"""Which of the intents a message means: a linear classifier over words and meaning together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.svm import LinearSVC

from components.part import Learner

FILE = "intents.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(Learner, IntentClassifier):
    """One margin per intent; the margins become confidences by a softmax.

    Counts are weighted by rarity (tf-idf, unit length), meanings are centred and scaled, so that
    neither drowns the other. Figures for the defaults: docs/assistant.md.
    """

    _learned: dict[str, np.ndarray]  # rarity, centre, coefficients, intercepts, names

    @classmethod
    def required_components(cls) -> list[type]:
        """Rasa sorts the pipeline by this."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`balance` 0..1: how far rare intents are lifted; `weights`: more for single intents."""
        return {
            "C": 1.0,
            "meaning_scale": 2.0,
            "balance": 0.5,
            "weights": {},
            "sharpness": 6.0,
            "ranking_length": 10,
        }

    def _open(self, folder: Path) -> None:
        """Plain arrays: loading runs no code from the file."""
        with np.load(folder / FILE) as file:
            self._learned = dict(file)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from every example that has words and an intent."""
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        counts, meanings = _counts(examples), _meanings(examples)
        intents = np.array([e.get(INTENT) for e in examples])
        seen = np.asarray((counts > 0).sum(axis=0)).ravel()
        self._learned = {
            "rarity": (np.log((1 + len(examples)) / (1 + seen)) + 1).astype(np.float32),
            "centre": meanings.mean(axis=0),
        }
        model = LinearSVC(C=self._config["C"], class_weight=self._weights(intents))
        model.fit(self._matrix(counts, meanings), intents)
        self._learned |= {
            "coefficients": model.coef_.T.astype(np.float32),
            "intercepts": model.intercept_.astype(np.float32),
            "names": model.classes_,
        }
        with self._storage.write_to(self._resource) as folder:
            np.savez_compressed(folder / FILE, **self._learned)
        return self._resource

    def _weights(self, intents: np.ndarray) -> dict[str, float]:
        names, numbers = np.unique(intents, return_counts=True)
        lifted = (len(intents) / len(names) / numbers) ** self._config["balance"]
        extra = self._config["weights"]
        return {name: lift * extra.get(name, 1.0) for name, lift in zip(names, lifted, strict=True)}

    def _matrix(self, counts: sparse.csr_matrix, meanings: np.ndarray) -> sparse.csr_matrix:
        words = counts.astype(np.float32)
        words.data = 1 + np.log(words.data)
        words = words.multiply(self._learned["rarity"]).tocsr()
        length = np.sqrt(np.asarray(words.multiply(words).sum(axis=1)).ravel())
        words = sparse.diags(1 / np.maximum(length, 1e-9)) @ words
        centred = (meanings - self._learned["centre"]) * self._config["meaning_scale"]
        return sparse.hstack([words, sparse.csr_matrix(centred)], format="csr")

    def process(self, messages: list[Message]) -> list[Message]:
        """Intent and ranking of each message with words."""
        for message in messages:
            if message.get(TEXT) and message.features_present(TEXT):
                self._decide(message)
        return messages

    def _decide(self, message: Message) -> None:
        features = self._matrix(_counts([message]), _meanings([message]))
        margins = (features @ self._learned["coefficients"])[0] + self._learned["intercepts"]
        sharp = np.exp(self._config["sharpness"] * (margins - margins.max()))
        confidences = sharp / sharp.sum()
        order = np.argsort(-confidences)[: self._config["ranking_length"]]
        ranking = [
            {"name": str(self._learned["names"][at]), "confidence": float(confidences[at])}
            for at in order
        ]
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)


def _counts(messages: list[Message]) -> sparse.csr_matrix:
    found = [message.get_sparse_features(TEXT)[1] for message in messages]
    return sparse.vstack([sparse.csr_matrix(each.features) for each in found], format="csr")


def _meanings(messages: list[Message]) -> np.ndarray:
    found = [message.get_dense_features(TEXT)[1] for message in messages]
    return np.vstack([each.features if each else np.zeros((1, 0)) for each in found])
