"""The template of every deep classifier: scikit-learn's rules around a net."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.deep._batches import RecordDataset
from sklearn_mlic.deep._callbacks import close_progress
from sklearn_mlic.deep._checkpoint import open_checkpoint
from sklearn_mlic.deep._errors import clear_errors
from sklearn_mlic.deep._going_on import GoOnMixin
from sklearn_mlic.deep._inputs import InputMixin
from sklearn_mlic.deep._net import TrainingNet
from sklearn_mlic.deep._prediction import PredictionMixin
from sklearn_mlic.deep._reader import ImageReader
from sklearn_mlic.deep._records import Records
from sklearn_mlic.deep._team import Team, join_team
from sklearn_mlic.deep._training import (
    check_settings,
    count_workers,
    make_prediction_net,
    make_training_net,
)
from sklearn_mlic.deep._validation import find_scorer, hold_out
from sklearn_mlic.images import count_threads
from sklearn_mlic.nn.freezing import freeze_parts
from sklearn_mlic.nn.runtime import available_device, seeded
from sklearn_mlic.nn.state import load_arrays, to_arrays
from sklearn_mlic.utils._random import draw_seed
from sklearn_mlic.utils._state import plain_paths

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["epoch", "lr", "train_loss", "dur"]


class BaseDeepClassifier(GoOnMixin, InputMixin, PredictionMixin, BaseEstimator):
    """Hold a skorch net: scikit-learn's rules outside, skorch's engine inside.

    A subclass stores its parameters in ``__init__`` and writes `_build_model`, which makes the
    network for a fit and keeps in ``model_spec_`` what `_rebuild_model` needs to make it again
    without its weights. The training parameters that it must have are those of `ImageClassifier`
    from `loss` on.
    """

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, X_val: Any = None, y_val: Any = None
    ) -> "BaseDeepClassifier":
        """Train the network.

        Ctrl-C ends the training with a warning: the best weights so far are kept, and the
        estimator is fitted.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            Paths, PIL images or uint8 arrays; a DataFrame with a column of them; or feature
            vectors, on which the head is trained alone.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix; NaN is an unknown label, which has no part in the loss.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows in the loss, scaled to a mean of 1.
        X_val, y_val : as X and y, optional
            The validation part, in place of one drawn from X.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            If X or y is not of these forms, a setting is wrong, or the loss is no longer finite.
        ImageError
            If an image cannot be read; it names the row and the file. With
            ``on_error="skip"`` such rows are left out, with a warning that lists them.
        MemoryError
            If the batches do not fit the memory.
        """
        self._check_settings()
        earlier = self._fitted_state() if self.warm_start else {}
        with self._put_back_on_error(earlier):
            records = self._check_records(X, y, sample_weight, earlier)
            self._check_known(records.y)
            self._go_on_from(earlier)
            valid = self._check_validation(X_val, y_val, y)
        start = earlier["net_"].module_ if "net_" in earlier else None
        checkpoint = open_checkpoint(self, records, valid, start)
        state = checkpoint.load(self) if checkpoint is not None and self.resume else None
        team = join_team(self, [records, valid], state)
        seed = team.first(draw_seed(self.random_state) if state is None else state["seed"])
        device = team.device
        with seeded(seed, device):
            model = self._start_model(earlier, records, device)
            train = self._precompute(records, model, device)
            if valid is not None:
                valid = self._precompute(valid, model, device)
            elif self.early_stopping or self.schedule == "plateau":
                train, valid = map(train.take, hold_out(self.validation, records.y, seed))
            if not earlier:
                model.set_labels(torch.from_numpy(train.y))
            scorer = None if valid is None else find_scorer(self.scoring)
            net = make_training_net(self, model, device, seed, train, scorer=scorer)
            self._run(net, team, train, valid, checkpoint=checkpoint, state=state)
        self._set_constants(records.y)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> "BaseDeepClassifier":
        """Train for one more epoch; the first call builds the network.

        The learning rate is constant, and nothing is held out or averaged: `schedule`,
        `early_stopping`, `ema_decay` and `checkpoint` have no say. What a head takes from the
        labels as a whole, an order or a graph, it takes from those of the first call.

        Parameters
        ----------
        X : sequence of images, DataFrame, or array of shape (n_samples, n_features)
            As for `fit`; further rows or the same.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            As for `fit`, always with the same labels.
        classes : object, optional
            Ignored: each label is 0 or 1. scikit-learn passes it.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows in the loss, scaled to a mean of 1.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError, ImageError, MemoryError
            As `fit` does.
        """
        self._check_settings()
        earlier = self._fitted_state()
        with self._put_back_on_error(earlier):
            records = self._check_records(X, y, sample_weight, earlier)
            self._go_on_from(earlier)
        team = join_team(self, [records])
        device = team.device
        seed = team.first(draw_seed(self.random_state))
        with seeded(seed, device):
            net, settings = earlier.get("net_"), repr(sorted(self.get_params(deep=False).items()))
            if net is None or net.settings_ != settings:
                model = self._start_model(earlier, records, device)
                if not earlier:
                    model.set_labels(torch.from_numpy(records.y))
                net = make_training_net(self, model, device, seed, records, open_end=True)
                net.recall(earlier.get("epochs_", []))
                net.settings_ = settings
            self._run(net, team, self._precompute(records, net.module_, device))
        self._set_constants(np.vstack([records.y, *earlier.get("label_range_", [])]))
        return self

    @property
    def history_(self) -> "pd.DataFrame":
        """The numbers of each epoch, a row each."""
        import pandas as pd

        check_is_fitted(self, "epochs_")
        # After an interruption in the first epoch there is none.
        return pd.DataFrame(self.epochs_, columns=None if self.epochs_ else _COLUMNS)

    def _check_settings(self) -> None:
        """Refuse settings before any data is read."""
        check_settings(self)

    def _start_model(
        self, earlier: dict[str, Any], records: Records, device: torch.device
    ) -> torch.nn.Module:
        """The network to train: a new one, or one with the weights of the earlier fit."""
        n_labels = len(self.label_names_)
        if "net_" not in earlier:
            model = self._build_model(records.columns, n_labels, device)
        else:
            model = self._rebuild_model(n_labels, device)
            load_arrays(model, to_arrays(earlier["net_"].module_))
        freeze_parts(model, self.freeze)
        return model.to(memory_format=torch.channels_last)

    def _precompute(self, records: Records, model: torch.nn.Module, device: Any) -> Records:
        """Do once what would else be done each epoch. There is nothing such in general."""
        return records

    def _run(
        self,
        net: TrainingNet,
        team: Team,
        train: Records,
        valid: Records | None = None,
        **how: Any,
    ) -> None:
        """Train, and keep the net and the numbers of its epochs."""
        load_scale = net.plan.augmentation.load_scale
        datasets = [self._dataset(train, net.module_, self.cache, load_scale)]
        if valid is not None:
            datasets.append(self._dataset(team.share(valid), net.module_, self.cache))
        net.estimator_ = self._as_of_now(net, train.y)
        try:
            with team.clear_errors(), clear_errors(self.batch_size):
                net.train(*datasets, team=team, **how)
        finally:
            close_progress(net)
            net.estimator_ = None
        net.tidy()
        self.net_ = net
        self.epochs_ = net.epochs()
        if net.was_interrupted_:
            warnings.warn(
                f"Training was interrupted in epoch {net.n_epochs_ + 1} of {net.last_epoch_}; the "
                f"best weights so far are kept, or the last where none were scored.",
                UserWarning,
                stacklevel=3,
            )

    def _as_of_now(self, net: TrainingNet, y: np.ndarray) -> "BaseDeepClassifier":
        """This estimator as callbacks may ask it in training: it predicts with the net as it is."""
        view = object.__new__(type(self))
        vars(view).update(vars(self), net_=net, verbose=0)
        view._set_constants(y)
        return view

    def _dataset(
        self,
        records: Records,
        model: torch.nn.Module,
        cache: Any = None,
        load_scale: float = 1.0,
    ) -> RecordDataset:
        """The rows as the loader fetches them: images are decoded when they are asked for."""
        columns = dict(records.columns)
        if "image" in columns:
            images, n_workers = columns["image"], count_workers(self.n_jobs)
            columns["image"] = ImageReader(
                images,
                round(model.backbone.image_size * load_scale),
                cache=cache,
                n_threads=1 if n_workers else count_threads(images),
                shared=n_workers > 0,
                rows=records.rows,
            )
        return RecordDataset(columns, records.y, records.sample_weight, records.rows)

    def _set_constants(self, y: np.ndarray) -> None:
        """Keep which labels took one value only: they are predicted as that value."""
        # fmin and fmax look past NaN.
        self.label_range_ = np.array([np.fmin.reduce(y), np.fmax.reduce(y)], dtype=np.float32)
        low, high = self.label_range_
        self.constant_values_ = np.where(low == high, low, np.nan).astype(float)

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
            # In the layout of the fit: another one rounds otherwise.
            model = model.to(memory_format=torch.channels_last)
            self.net_ = make_prediction_net(self, model, device)
