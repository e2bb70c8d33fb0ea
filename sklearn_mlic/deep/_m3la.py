"""M3LA as a classifier: feature blocks are read one by one, labels corrected at each step."""

import warnings
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.deep._base import BaseDeepClassifier
from sklearn_mlic.deep._blocks import arrange_blocks, find_present, fit_scaler
from sklearn_mlic.deep._reading import ReadingMixin
from sklearn_mlic.nn.losses import StepLoss
from sklearn_mlic.nn.m3la import M3LA
from sklearn_mlic.utils._blocks import resolve_blocks
from sklearn_mlic.utils._choices import make_choice
from sklearn_mlic.utils._features import check_features
from sklearn_mlic.utils._numbers import check_confidence, check_count

if TYPE_CHECKING:
    import pandas as pd

# Parameters that the network takes as they are.
_NETWORK = (
    *("hidden_size", "embedding_size", "dropout", "modality_dropout", "selector", "first"),
    *("attention", "summary", "label_correlation", "label_activation"),
)


class M3LAClassifier(ReadingMixin, BaseDeepClassifier):
    """Read feature blocks one by one, choosing the next, and correct the labels at each step.

    Choose it for several kinds of features of the same instances, such as descriptors, embeddings,
    vectors of text and columns of a table, some of which may be missing in some rows. It says which
    block was read when and how that changed the labels, and with `stop_confidence` it stops
    reading once it is sure. For a single block it is a small network, no better than others.

    Parameters
    ----------
    blocks : dict of str to slice or list of columns, optional
        The columns of each block. None reads them from the column names of a DataFrame, which are
        ``block__i``; without such names X is one block, with a warning. A block that is NaN in all
        features of a row is missing there; single gaps are filled with 0, which is the mean of a
        standardised feature.
    hidden_size : int, default=256
        Width of the states of encoder and decoder.
    embedding_size : int or None, default=256
        Width that each block is first brought to, by a linear map and tanh. None reads the blocks
        as they are, which is the published form.
    dropout : float, default=0.5
        Of the features of a block, and of the state that labels are predicted from.
    modality_dropout : float, default=0.1
        Chance that training hides a block from the network. It helps where rows are few; take
        more for blocks that may be missing in prediction but seldom are in training.
    standardize : bool, default=True
        Whether features are brought to mean 0 and deviation 1 over the rows that ``fit`` gets,
        whatever their weight, those held out for validation too; sparse ones to deviation 1.
    selector : {"straight_through", "gumbel", "soft", "argmax", "fixed"}, \
default="straight_through"
        How the block to read next is chosen: by the highest score, learned straight through; the
        same with noise in training; a mixture in training; the highest score as published, about
        which nothing is learned; or in the order of the blocks.
    first : {"learned", "fixed"}, default="learned"
        Whether the first block is chosen too, or is the first one there is.
    attention : {"additive", "bilinear"}, default="additive"
        How the decoder's state is matched with the encoder's.
    summary : {"mean", "last"}, default="mean"
        What the decoder starts from: the mean of the encoder's states, or that of the last block,
        as published.
    label_correlation : bool, default=True
        Whether the labels of a step depend on those of the step before, through a matrix that
        is learned.
    label_activation : {"sigmoid", "softmax"}, default="sigmoid"
        Each label on its own; or the published softmax, whose probabilities sum to 1: tune
        thresholds with it.
    cost : {"f1", "accuracy", "rank", "subset", "hamming"}, default="f1"
        Labels weigh in the loss by the difference that they make to this cost of the step
        before; by ``"hamming"`` all weigh the same. See `sklearn_mlic.nn.losses.StepLoss`.
    cost_params : dict, optional
        Settings of the loss: ``strength`` (1 is as published), ``binarize``, ``normalize``,
        ``reduction``.
    stop_confidence : float, optional
        Prediction stops reading a row once each of its labels has a probability of at least
        this, or of at most 1 minus this. Such a network knows nothing of a block before it is
        read. It may be changed after the fit.
    costs : dict of str to float, optional
        What it costs to read each block, 0 or more; 1 by default. `reading_costs` adds them up,
        and a network that stops is fitted to choose the block of the highest share per cost.
    sampling, optimizer, optimizer_params : optional
        As in `ImageClassifier`.
    lr : float, default=1e-3
        Learning rate, of schedules the highest.
    weight_decay : float, default=1e-2
        Weight decay of the optimiser.
    schedule : str, default="one_cycle"
        As in `ImageClassifier`.
    schedule_params, warmup_epochs : optional
        As in `ImageClassifier`.
    clip_norm : float or None, default=5.0
        The norm that gradients are clipped to.
    accumulate : int, default=1
        As in `ImageClassifier`.
    ema_decay : float or None, default=0.99
        The weights that predict are a running average with this decay, which warms up.
    max_epochs : int, default=30
        Passes over the training rows.
    batch_size : int, default=64
        Rows a batch.
    early_stopping, scoring, validation, n_iter_no_change : optional
        As in `ImageClassifier`.
    warm_start, checkpoint, resume, callbacks, device, distributed : optional
        As in `ImageClassifier`.
    random_state, verbose, net_params : optional
        As in `ImageClassifier`.

    Attributes
    ----------
    blocks_ : dict of str to ndarray of int
        The columns of each block.
    label_correlation_ : DataFrame of shape (n_labels, n_labels)
        How a label at one step supports (above 0) or opposes the label of the column at the next.
    scaler_ : StandardScaler or None
        What standardises.
    net_, history_, epochs_, model_spec_ : object
        As in `ImageClassifier`.
    label_range_, constant_values_, classes_, label_names_ : ndarray
        As in `ImageClassifier`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where X is a DataFrame.

    See Also
    --------
    ImageTextClassifier : Images and text, with the image network trained along.

    References
    ----------
    Zhu, Y. and Zhang, Y. M3LA: a novel approach based on encoder-decoder with attention framework
    for multi-modal multi-label learning.
    Yang, Y., Zhan, D.-C., Fan, Y. and Jiang, Y. (2017). Instance specific discriminative modal
    pursuit: a serialized approach. ACML.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mlic import M3LAClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 8))
    >>> y = (X[:, [0, 5]] > 0).astype(int)
    >>> blocks = {"colour": slice(0, 4), "edges": slice(4, 8)}
    >>> model = M3LAClassifier(blocks, hidden_size=16, max_epochs=2, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (60, 2)
    >>> sorted(model.modality_order_(X)[0])
    ['colour', 'edges']
    """

    # What the template asks of networks of images.
    image = freeze = cache = n_jobs = None
    on_error, augmentation, backbone_lr_scale, compile = "raise", "none", 1.0, False
    loss_params = None

    def __init__(
        self,
        blocks=None,
        *,
        hidden_size=256,
        embedding_size=256,
        dropout=0.5,
        modality_dropout=0.1,
        standardize=True,
        selector="straight_through",
        first="learned",
        attention="additive",
        summary="mean",
        label_correlation=True,
        label_activation="sigmoid",
        cost="f1",
        cost_params=None,
        stop_confidence=None,
        costs=None,
        sampling="uniform",
        optimizer="adamw",
        optimizer_params=None,
        lr=1e-3,
        weight_decay=1e-2,
        schedule="one_cycle",
        schedule_params=None,
        warmup_epochs=0,
        clip_norm=5.0,
        accumulate=1,
        ema_decay=0.99,
        max_epochs=30,
        batch_size=64,
        early_stopping=False,
        scoring="mAP",
        validation=0.1,
        n_iter_no_change=5,
        warm_start=False,
        checkpoint=None,
        resume=False,
        callbacks=None,
        device="auto",
        distributed=None,
        random_state=None,
        verbose=0,
        net_params=None,
    ):
        self.blocks = blocks
        self.hidden_size = hidden_size
        self.embedding_size = embedding_size
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.standardize = standardize
        self.selector = selector
        self.first = first
        self.attention = attention
        self.summary = summary
        self.label_correlation = label_correlation
        self.label_activation = label_activation
        self.cost = cost
        self.cost_params = cost_params
        self.stop_confidence = stop_confidence
        self.costs = costs
        self.sampling = sampling
        self.optimizer = optimizer
        self.optimizer_params = optimizer_params
        self.lr = lr
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.schedule_params = schedule_params
        self.warmup_epochs = warmup_epochs
        self.clip_norm = clip_norm
        self.accumulate = accumulate
        self.ema_decay = ema_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.scoring = scoring
        self.validation = validation
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.resume = resume
        self.callbacks = callbacks
        self.device = device
        self.distributed = distributed
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params

    @property
    def loss(self) -> StepLoss:
        """The loss that the template trains by."""
        return make_choice("cost", StepLoss, {}, self.cost_params, cost=self.cost)

    @property
    def label_correlation_(self) -> "pd.DataFrame":
        """How the label of a row supports that of a column, one step later."""
        import pandas as pd

        check_is_fitted(self, "net_")
        if not self.model_spec_["label_correlation"]:
            raise AttributeError("Fitted with label_correlation=False, there is no such matrix.")
        values = self.net_.module_.label_correlation().cpu().numpy()
        return pd.DataFrame(values, index=self.label_names_, columns=self.label_names_)

    def _check_columns(self, X: Any, reset: bool) -> dict[str, Any]:
        values = check_features(self, X, reset=reset)
        if reset:
            self.blocks_ = resolve_blocks(self.blocks, X, values.shape[1])
        present = find_present(values, self.blocks_)
        if reset:
            self._check_seen(present)
            self.scaler_ = fit_scaler(values) if self.standardize else None
        return arrange_blocks(values, self.blocks_, present, self.scaler_)

    def _check_seen(self, present: np.ndarray) -> None:
        never = [
            name for name, seen in zip(self.blocks_, present.any(axis=0), strict=True) if not seen
        ]
        if never:
            warnings.warn(
                f"The block(s) {', '.join(map(repr, never))} are missing (NaN) in all "
                f"{len(present)} rows: nothing is learned of them.",
                UserWarning,
                stacklevel=2,
            )

    def _build_model(self, columns: dict, n_labels: int, device: torch.device) -> M3LA:
        costs, serial = self._block_costs(), self.stop_confidence is not None
        self.model_spec_ = {
            "block_sizes": [len(block) for block in self.blocks_.values()],
            "serial": serial,
            "costs": costs.tolist() if serial else None,
            **{name: getattr(self, name) for name in _NETWORK},
        }
        return self._rebuild_model(n_labels, device)

    def _rebuild_model(self, n_labels: int, device: torch.device) -> M3LA:
        return M3LA(n_labels=n_labels, **self.model_spec_)

    def _go_on_from(self, earlier: dict[str, Any]) -> None:
        """Refuse what the network of the earlier fit was not built for."""
        super()._go_on_from(earlier)
        if not earlier:
            return
        self._check_stop()
        self._block_costs()
        frame = SimpleNamespace(columns=getattr(self, "feature_names_in_", ()))
        now = resolve_blocks(
            self.blocks, frame if len(frame.columns) else None, self.n_features_in_
        )
        if list(now) != list(self.blocks_) or any(
            not np.array_equal(now[name], self.blocks_[name]) for name in now
        ):
            raise ValueError(
                f"blocks={self.blocks!r:.200} are not those of the fit to go on from, "
                f"{', '.join(map(repr, self.blocks_))}. Set warm_start=False to begin anew."
            )

    def _check_settings(self) -> None:
        super()._check_settings()
        check_confidence("stop_confidence", self.stop_confidence)
        check_count("hidden_size", self.hidden_size)
        if self.embedding_size is not None:
            check_count("embedding_size", self.embedding_size)
        for name in ("dropout", "modality_dropout"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise ValueError(f"{name}={value!r}; expected a part, from 0 to below 1.")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True  # a missing block
        return tags
