"""What a fitted deep classifier predicts, for the labels of its fit or for others."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.base import CONSTANT_LOGIT
from sklearn_mlic.deep._errors import clear_errors
from sklearn_mlic.deep._label_vectors import encode_labels
from sklearn_mlic.deep._records import Records
from sklearn_mlic.utils._progress import track


class PredictionMixin:
    """Probabilities and logits of an estimator that holds a trained net."""

    def predict_proba(self, X: Any, label_names: Sequence[str] | None = None) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            In the form that ``fit`` took. No row is ever dropped.
        label_names : sequence of str, optional
            Labels to score in place of those trained on, also new ones. The estimator must have
            been fitted with a `label_encoder`, and a head that scores labels by their vectors.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1. With `label_names`, a column a name.

        Raises
        ------
        ImageError
            If an image cannot be read; it names the row and the file.
        ValueError
            If `label_names` is given and the estimator knows the labels of the fit only.
        """
        return expit(self.decision_function(X, label_names))

    def decision_function(self, X: Any, label_names: Sequence[str] | None = None) -> np.ndarray:
        """Return the logit of each label.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            In the form that ``fit`` took.
        label_names : sequence of str, optional
            As for `predict_proba`.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_labels)
            Positive where the probability is above 0.5.
        """
        check_is_fitted(self, "net_")
        others = self._other_labels(label_names)
        records, model = Records(self._check_columns(X, reset=False)), self.net_.module_
        if self.cache is not None:
            records = self._precompute(records, model, torch.device(self.net_.device))
        # What is in memory is for a fit; a folder is there for all.
        dataset = self._dataset(records, model, None if self.cache == "ram" else self.cache)
        n_batches = -(-len(dataset) // self.batch_size)
        batches = self.net_.predict_logits(dataset, **others)
        batches = track(batches, n_batches, "Predicting", self.verbose)
        with clear_errors(self.batch_size):
            logits = np.concatenate(list(batches)).astype(np.float64)
        if label_names is not None:
            return logits
        fixed = (2 * self.constant_values_ - 1) * CONSTANT_LOGIT
        return np.where(np.isnan(fixed), logits, fixed)

    def _other_labels(self, names: Sequence[str] | None) -> dict[str, torch.Tensor]:
        """What the network is given to score other labels; nothing for those of the fit."""
        if names is None:
            return {}
        encoder = getattr(self, "label_encoder_", None)
        if encoder is None:
            raise ValueError(
                f"label_names is given, and this {type(self).__name__} was fitted without "
                f"label_encoder. Set it, with head='two_stage' and head_params={{'output': "
                f"'shared'}} or with head='ml_decoder', and fit again."
            )
        return {"label_vectors": torch.from_numpy(encode_labels(encoder, names))}
