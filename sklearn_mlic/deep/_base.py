"""The template of every deep classifier; besides `_callbacks` the only file that says skorch."""

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from joblib import effective_n_jobs
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch import NeuralNet
from torch.utils.data import Subset

from sklearn_mlic.base import CONSTANT_LOGIT, MultilabelMixin
from sklearn_mlic.deep._batches import Collate, RecordDataset
from sklearn_mlic.deep._callbacks import ProgressReport, close_progress, early_stopping
from sklearn_mlic.deep._transforms import AUGMENTATIONS
from sklearn_mlic.images import as_columns, find_unreadable
from sklearn_mlic.model_selection import check_multilabel_cv
from sklearn_mlic.nn.losses import LOSSES
from sklearn_mlic.nn.runtime import resolve_device, seeded
from sklearn_mlic.nn.state import load_arrays, to_arrays
from sklearn_mlic.utils._choices import check_choice, make_choice
from sklearn_mlic.utils._progress import track
from sklearn_mlic.utils._random import draw_seed

_KINDS = {"image": "images", "features": "feature vectors"}
_RECORDED = ("epoch", "train_loss", "valid_loss", "valid_mAP", "dur")
OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


class BaseDeepClassifier(MultilabelMixin, BaseEstimator):
    """Hold a skorch net: scikit-learn's rules outside, skorch's engine inside.

    A subclass stores its parameters in ``__init__`` and writes `_build_model`, which makes the
    network for a fit, and `_describe_model` and `_rebuild_model`, which keep and restore it
    without its weights. The run parameters that it must have are those of `ImageClassifier`
    from `loss` on.
    """

    def fit(self, X: Any, y: Any) -> "BaseDeepClassifier":
        """Train the network.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            Paths, PIL images or uint8 arrays; a DataFrame with a column of them; or feature
            vectors, on which the head is trained alone.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If X or y is not of these forms, or a named choice is unknown.
        ImageError
            If an image cannot be read; it names the row and the file. With
            ``on_error="skip"`` such rows are left out, with a warning that lists them.
        """
        check_choice("on_error", self.on_error, ["raise", "skip"])
        labels = self._check_labels(y, X).astype(np.float32)
        columns = self._check_columns(X, reset=True)
        if self.on_error == "skip" and "image" in columns:
            columns, labels = self._drop_unreadable(columns, labels)
        constant = np.all(labels == labels[0], axis=0)
        self.constant_values_ = np.where(constant, labels[0], np.nan)
        seed, device = draw_seed(self.random_state), resolve_device(self.device)
        with seeded(seed, device):
            model = self._build_model(columns, labels.shape[1], device)
            self.net_ = self._make_net(model, device, seed)
            try:
                self.net_.fit(columns, labels)
            except BaseException:
                close_progress(self.net_)
                raise
        self.history_ = [
            {key: float(epoch[key]) for key in _RECORDED if key in epoch}
            for epoch in self.net_.history
        ]
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each label.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            In the form that ``fit`` took. No row is ever dropped.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1.

        Raises
        ------
        ImageError
            If an image cannot be read; it names the row and the file.
        """
        return expit(self.decision_function(X))

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logit of each label.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            In the form that ``fit`` took.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_labels)
            Positive where the probability is above 0.5.
        """
        check_is_fitted(self, "net_")
        columns = self._check_columns(X, reset=False)
        n_batches = -(-len(next(iter(columns.values()))) // self.batch_size)
        batches = track(self.net_.forward_iter(columns), n_batches, "Predicting", self.verbose)
        logits = np.concatenate([batch.numpy() for batch in batches]).astype(np.float64)
        fixed = (2 * self.constant_values_ - 1) * CONSTANT_LOGIT
        return np.where(np.isnan(fixed), logits, fixed)

    def _check_columns(self, X: Any, reset: bool) -> dict[str, Any]:
        """Turn X into columns; in prediction they must be of the kind that fit saw."""
        columns = as_columns(X, image=self.image)
        given = next(iter(columns))
        if not reset and given != self.input_kind_:
            raise ValueError(
                f"{type(self).__name__} was fitted on {_KINDS[self.input_kind_]} and is given "
                f"{_KINDS[given]}. Pass X in the form that fit took."
            )
        if given == "features":
            features = validate_data(self, X, dtype=np.float32, reset=reset)
            columns = {"features": features}
        self.input_kind_ = given
        return columns

    def _drop_unreadable(self, columns: dict, labels: np.ndarray) -> tuple[dict, np.ndarray]:
        """Leave out the rows whose image cannot be read, and say which."""
        broken = find_unreadable(columns["image"], self.n_jobs)
        if not broken:
            return columns, labels
        kept = np.setdiff1d(np.arange(len(labels)), list(broken))
        listing = "\n".join(f"  {error}" for error in broken.values())
        if not len(kept):
            raise ValueError(f"None of the {len(labels)} images can be read:\n{listing}")
        warnings.warn(
            f"Left out {len(broken)} of {len(labels)} rows whose image cannot be read:\n{listing}",
            UserWarning,
            stacklevel=3,
        )
        return {name: column[kept] for name, column in columns.items()}, labels[kept]

    def _make_net(self, model: torch.nn.Module, device: torch.device, seed: int = 0) -> NeuralNet:
        """Compose the skorch net from the parameters; `net_params` has the last word."""
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            check_choice("optimizer", optimizer, OPTIMIZERS)
            optimizer = OPTIMIZERS[optimizer]
        check_choice("augmentation", self.augmentation, AUGMENTATIONS)
        n_workers = effective_n_jobs(self.n_jobs) if self.n_jobs not in (None, 1) else 0
        settings = {
            "criterion": make_choice("loss", deepcopy(self.loss), LOSSES, self.loss_params),
            "optimizer": optimizer,
            "optimizer__weight_decay": self.weight_decay,
            "lr": self.lr,
            "max_epochs": self.max_epochs,
            "batch_size": self.batch_size,
            "dataset": RecordDataset,
            "dataset__image_size": getattr(model.backbone, "image_size", None),
            "iterator_train__shuffle": True,
            "iterator_train__collate_fn": Collate(AUGMENTATIONS[self.augmentation]()),
            "iterator_train__num_workers": n_workers,
            "iterator_train__persistent_workers": n_workers > 0,
            "iterator_valid__collate_fn": Collate(),
            "iterator_valid__num_workers": n_workers,
            # A loader draws a number when it starts: not from the global generator.
            "iterator_valid__generator": torch.Generator(),
            "train_split": self._validation_split(seed) if self.early_stopping else None,
            "callbacks": self._callbacks(),
            "callbacks__print_log": None,
            "predict_nonlinearity": torch.sigmoid,
            "device": device,
            "verbose": 0,
        }
        model = model.to(memory_format=torch.channels_last)
        return NeuralNet(model, **{**settings, **(self.net_params or {})})

    def _callbacks(self) -> list:
        stopping = early_stopping(self.n_iter_no_change) if self.early_stopping else []
        return [*stopping, ("progress", ProgressReport())] if self.verbose else stopping

    def _validation_split(self, seed: int) -> Any:
        def split(dataset: RecordDataset, y: np.ndarray) -> tuple[Subset, Subset]:
            splitter = check_multilabel_cv(self.validation_fraction, y, random_state=seed)
            train, valid = next(splitter.split(np.zeros(len(y)), y))
            return Subset(dataset, train), Subset(dataset, valid)

        return split

    def __getstate__(self) -> dict:
        """Keep parameters, labels and history; the net as its description and CPU arrays.

        What is left out: the optimiser's state, the callbacks and the data. A model trained on
        a GPU opens on any machine.
        """
        state = super().__getstate__()
        if "net_" in state:
            model = state["net_"].module_
            kept = {"description": self._describe_model(model), "weights": to_arrays(model)}
            state = {**state, "net_": kept}
        return state

    def __setstate__(self, state: dict) -> None:
        kept = state.get("net_")
        super().__setstate__({name: value for name, value in state.items() if name != "net_"})
        if kept is None:
            return
        try:
            device = resolve_device(self.device)
        except ValueError:
            warnings.warn(
                f"device={self.device!r} is not present here; the model was opened on the CPU.",
                UserWarning,
                stacklevel=2,
            )
            device = torch.device("cpu")
        with seeded(0, device):
            model = self._rebuild_model(kept["description"], len(self.label_names_), device)
            load_arrays(model, kept["weights"])
            self.net_ = self._make_net(model, device).initialize()
