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
from sklearn_mlic.deep._batches import Collate, RecordDataset, one_line_errors
from sklearn_mlic.deep._callbacks import ProgressReport, close_progress, early_stopping
from sklearn_mlic.deep._transforms import AUGMENTATIONS
from sklearn_mlic.images import as_columns, find_unreadable
from sklearn_mlic.model_selection import check_multilabel_cv
from sklearn_mlic.nn.losses import LOSSES
from sklearn_mlic.nn.runtime import available_device, resolve_device, seeded
from sklearn_mlic.nn.state import load_arrays, to_arrays
from sklearn_mlic.utils._choices import check_choice, make_choice
from sklearn_mlic.utils._progress import track
from sklearn_mlic.utils._random import draw_seed
from sklearn_mlic.utils._state import plain_paths

_KINDS = {"image": "images", "features": "feature vectors"}
_RECORDED = ("epoch", "train_loss", "valid_loss", "valid_mAP", "dur")
OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


class BaseDeepClassifier(MultilabelMixin, BaseEstimator):
    """Hold a skorch net: scikit-learn's rules outside, skorch's engine inside.

    A subclass stores its parameters in ``__init__`` and writes `_build_model`, which makes the
    network for a fit and keeps in ``model_spec_`` what `_rebuild_model` needs to make it again
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
        for name in ("max_epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r}; expected 1 or more.")
        labels = self._check_labels(y, X).astype(np.float32)
        columns = self._check_columns(X, reset=True)
        if self.on_error == "skip" and "image" in columns:
            columns, labels = self._drop_unreadable(columns, labels)
        seed, device = draw_seed(self.random_state), resolve_device(self.device)
        split = self._hold_out(labels, seed) if self.early_stopping else None
        with seeded(seed, device):
            model = self._build_model(columns, labels.shape[1], device)
            net = self._make_net(model, device, **self._training(labels, split))
            try:
                with one_line_errors():
                    net.fit(columns, labels)
            except BaseException:
                close_progress(net)
                raise
        constant = np.all(labels == labels[0], axis=0)
        self.constant_values_ = np.where(constant, labels[0], np.nan)
        self.history_ = self._read_history(net)
        self.net_ = net
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
        with one_line_errors():
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

    def _make_net(self, model: torch.nn.Module, device: torch.device, **training: Any) -> NeuralNet:
        """Compose the skorch net: what prediction needs, and `training` on top."""
        n_workers = effective_n_jobs(self.n_jobs) if self.n_jobs not in (None, 1) else 0
        settings = {
            "criterion": torch.nn.Identity,
            "batch_size": self.batch_size,
            "dataset": RecordDataset,
            "dataset__image_size": getattr(model.backbone, "image_size", None),
            "iterator_train__num_workers": n_workers,
            "iterator_valid__num_workers": n_workers,
            "iterator_valid__collate_fn": Collate(),
            # A loader draws a number when it starts: not from the global generator.
            "iterator_valid__generator": torch.Generator(),
            "callbacks__print_log": None,
            "predict_nonlinearity": torch.sigmoid,
            "device": device,
            "verbose": 0,
        }
        model = model.to(memory_format=torch.channels_last)
        return NeuralNet(model, **{**settings, **training})

    def _training(self, labels: np.ndarray, split: tuple | None) -> dict[str, Any]:
        """What only training needs, from the parameters; `net_params` has the last word."""
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            check_choice("optimizer", optimizer, OPTIMIZERS)
            optimizer = OPTIMIZERS[optimizer]
        check_choice("augmentation", self.augmentation, AUGMENTATIONS)
        n_train = len(labels) if split is None else len(split[0])
        stopping = [] if split is None else early_stopping(self.n_iter_no_change)
        return {
            "criterion": deepcopy(make_choice("loss", self.loss, LOSSES, self.loss_params)),
            "optimizer": optimizer,
            "optimizer__weight_decay": self.weight_decay,
            "lr": self.lr,
            "max_epochs": self.max_epochs,
            "iterator_train__shuffle": True,
            "iterator_train__collate_fn": Collate(AUGMENTATIONS[self.augmentation]()),
            "iterator_train__persistent_workers": self.n_jobs not in (None, 1),
            # Batch norm learns nothing from one row, and on a 1x1 feature map it refuses it.
            "iterator_train__drop_last": n_train > 1 and n_train % self.batch_size == 1,
            "train_split": None if split is None else _Split(*split),
            "callbacks": [*stopping, ("progress", ProgressReport())] if self.verbose else stopping,
            **(self.net_params or {}),
        }

    def _read_history(self, net: NeuralNet) -> list[dict[str, float]]:
        """The numbers of each epoch; raises where the loss is none."""
        history = [
            {key: float(epoch[key]) for key in _RECORDED if key in epoch} for epoch in net.history
        ]
        for epoch in history:
            if not np.isfinite(epoch.get("train_loss", 0.0)):
                raise ValueError(
                    f"Training diverged: the loss is {epoch['train_loss']} in epoch "
                    f"{epoch['epoch']:.0f}. Lower the learning rate (lr={self.lr:g})."
                )
        return history

    def _hold_out(self, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the rows that train and those that tell when to stop."""
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction={self.validation_fraction!r}; expected a part in (0, 1)."
            )
        splitter = check_multilabel_cv(float(self.validation_fraction), labels, random_state=seed)
        return next(splitter.split(np.zeros(len(labels)), labels))

    def __getstate__(self) -> dict:
        """Keep parameters, labels and history; the net as CPU arrays beside ``model_spec_``.

        What is left out: the optimiser's state, the callbacks and the data. A model trained on
        a GPU opens on any machine.
        """
        state = super().__getstate__()
        if "net_" in state:
            model = state["net_"].module_
            state = {**state, "net_": to_arrays(model)}
        return plain_paths(state)

    def __setstate__(self, state: dict) -> None:
        kept = state.get("net_")
        super().__setstate__({name: value for name, value in state.items() if name != "net_"})
        if kept is None:
            return
        device = available_device(self.device)
        with seeded(0, device):
            model = self._rebuild_model(len(self.label_names_), device)
            load_arrays(model, kept)
            # Nothing that trains is built: a model file decides no more than it must.
            self.net_ = self._make_net(model, device).initialize()


class _Split:
    """Rows drawn before, in the form that skorch asks for."""

    def __init__(self, train: np.ndarray, valid: np.ndarray):
        self.train, self.valid = train, valid

    def __call__(self, dataset: RecordDataset, y: Any = None) -> tuple[Subset, Subset]:
        return Subset(dataset, self.train), Subset(dataset, self.valid)
