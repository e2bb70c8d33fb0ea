"""What a fitted M3LAClassifier read of each row, what it said at each step, and what it paid."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import expit, logit
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.base import CONSTANT_LOGIT
from sklearn_mlic.deep._errors import clear_errors
from sklearn_mlic.deep._records import Records
from sklearn_mlic.utils._blocks import resolve_costs
from sklearn_mlic.utils._numbers import check_confidence
from sklearn_mlic.utils._progress import track

if TYPE_CHECKING:
    import pandas as pd


class ReadingMixin:
    """Predictions of an estimator that holds a net which reads block by block.

    They read the parameters ``stop_confidence`` and ``costs``.
    """

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took. A block that is NaN in a row is missing there.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1.
        """
        return expit(self.decision_function(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logit of each label.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_labels)
            Positive where the probability is above 0.5.
        """
        return self._read(X)[0][:, -1]

    def staged_predict_proba(self, X: Any) -> Iterator[np.ndarray]:
        """Predict the probability of each label after each step.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Yields
        ------
        y_prob : ndarray of shape (n_samples, n_labels)
            After one block, two, …; the last is that of `predict_proba`. Where a row has nothing
            more to read, its last prediction stays.
        """
        logits, _ = self._read(X)
        for step in range(logits.shape[1]):
            yield expit(logits[:, step])

    def modality_order_(self, X: Any) -> np.ndarray:
        """Return which block was read at each step.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Returns
        -------
        order : ndarray of object, shape (n_samples, n_blocks)
            Names of blocks; None where nothing more was read.
        """
        _, order = self._read(X)
        return np.array([*self.blocks_, None], dtype=object)[order]

    def explain(self, X: Any) -> "pd.DataFrame":
        """Return what was read of each row, step by step, and what was said then.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Returns
        -------
        DataFrame
            A line a step that read something, indexed by ``row`` and ``step``, both from 0: the
            block in the column ``("read", "block")``, and below ``"probability"`` one column a
            label. A row without any block has none.
        """
        import pandas as pd

        logits, order = self._read(X)
        rows, steps = np.nonzero(order >= 0)
        columns = [("probability", name) for name in self.label_names_]
        index = pd.MultiIndex.from_arrays([rows, steps], names=["row", "step"])
        frame = pd.DataFrame(expit(logits[rows, steps]), index, pd.MultiIndex.from_tuples(columns))
        names = np.array(list(self.blocks_), dtype=object)
        frame.insert(0, ("read", "block"), names[order[rows, steps]])
        return frame

    def reading_costs(self, X: Any) -> np.ndarray:
        """Return what the blocks that were read cost; the mean is the average cost paid.

        Parameters
        ----------
        X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Returns
        -------
        costs : ndarray of shape (n_samples,)
            A sum over the blocks of each row, with `costs`.
        """
        _, order = self._read(X)
        return np.append(self._block_costs(), 0.0)[order].sum(axis=1)

    def _block_costs(self) -> np.ndarray:
        """The cost of each block, in the order of ``blocks_``."""
        return np.array(list(resolve_costs(self.costs, list(self.blocks_)).values()))

    def _read(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits (n, M, L) and the block (n, M) of each step, -1 for none."""
        check_is_fitted(self, "net_")
        self._check_stop()
        model = self.net_.module_.eval()
        dataset = self._dataset(Records(self._check_columns(X, reset=False)), model)
        loader = self.net_.get_iterator(dataset)
        found = []
        with torch.inference_mode(), clear_errors(self.batch_size):
            for columns, _ in track(loader, len(loader), "Predicting", self.verbose):
                sent = {name: column.to(self.net_.device) for name, column in columns.items()}
                found.append([part.cpu().numpy() for part in model.read(**sent)])
        logits, order = (np.concatenate(parts) for parts in zip(*found, strict=True))
        fixed = (2 * self.constant_values_ - 1) * CONSTANT_LOGIT
        logits = np.where(np.isnan(fixed), logits.astype(np.float64), fixed)
        return logits, order if self.stop_confidence is None else self._stop(logits, order)

    def _stop(self, logits: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Leave what was said from the step on at which a row is sure; return what it read."""
        sure = (np.abs(logits) >= logit(self.stop_confidence)).all(axis=2)  # (n, M)
        sure[:, -1] = True
        last = sure.argmax(axis=1)[:, None]  # (n, 1)
        steps = np.arange(order.shape[1])
        logits[:] = np.take_along_axis(logits, np.minimum(steps, last)[:, :, None], axis=1)
        return np.where(steps <= last, order, -1)

    def _check_stop(self) -> None:
        """Refuse a stop where the network has seen all blocks before it reads the first."""
        check_confidence("stop_confidence", self.stop_confidence)
        if self.stop_confidence is not None and not self.model_spec_["serial"]:
            raise ValueError(
                f"stop_confidence={self.stop_confidence!r}, but the network was fitted without "
                f"it and knows all blocks from the start. Fit again, with warm_start=False."
            )
