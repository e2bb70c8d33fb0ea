"""The image classifier: a backbone, a head, a loss."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import torch

from sklearn_mlic.deep._base import BaseDeepClassifier
from sklearn_mlic.deep._errors import clear_errors
from sklearn_mlic.deep._label_vectors import (
    check_takes_vectors,
    encode_labels,
    fit_label_encoder,
)
from sklearn_mlic.deep._maps import MapsMixin
from sklearn_mlic.deep._records import Records
from sklearn_mlic.deep._tokens import frozen_tokens
from sklearn_mlic.deep._training import count_workers
from sklearn_mlic.deep._transforms import Augmentation, make_augmentation
from sklearn_mlic.nn.backbones import BackboneSpec, make_backbone, rebuild_backbone
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.nn.runtime import available_precision, resolve_precision
from sklearn_mlic.utils._choices import make_choice


class ImageClassifier(MapsMixin, BaseDeepClassifier):
    """Fine-tune an image network on several labels an image.

    Choose it when :class:`~sklearn_mlic.features.ImageEmbedder` with a linear classifier is no
    longer good enough and there are some hundred images or more; a GPU helps. Given feature
    vectors instead of images, it trains the head on them alone.

    Parameters
    ----------
    backbone : str, default="resnet18"
        One of our own, ``"plain_cnn"``, ``"simple_cnn"``, ``"deep_cnn"``, ``"advanced_cnn"``, or
        a timm name, see ``timm.list_models()``.
    head : str, type or nn.Module, default="linear"
        From tokens to logits: a name in ``sklearn_mlic.nn.heads.HEADS``, a class that takes
        ``n_features`` and ``n_labels``, or an instance.
    head_params : dict, optional
        Settings of the head, such as ``{"pool": "max"}``.
    label_encoder : transformer, object with ``encode``, or callable, optional
        Turns label names into vectors, for heads that take ``label_vectors``; ``"two_stage"`` with
        ``{"output": "shared"}`` and ``"ml_decoder"`` then score any name. A transformer of
        texts (a clone is fitted on the names; put one that is fitted already into
        ``sklearn.frozen.FrozenEstimator``), a sentence-transformers model, or a function from a
        list of names to an array. The names are the columns of a DataFrame y. `save` keeps the
        first; pickle keeps all that can be pickled.
    pretrained : bool or path, default=True
        True takes timm's published weights (downloaded on first use), False random ones, a path
        the weights of a safetensors or torch file. For our own backbones none are published.
    backbone_params : dict, optional
        Further arguments for the backbone, or for ``timm.create_model``.
    image_size : int, optional
        Images are resized to this square, in pixels, without cropping. None takes the size
        that the weights were trained at.
    image : str, default="image"
        The column that holds the images when X is a DataFrame.
    freeze : {None, "backbone", "bn"}, int or tuple of them, default=None
        What does not train: the whole backbone, its batch norm, or its first so many stages.
        The tokens of a frozen backbone are computed once where ``augmentation="none"``.
    loss : str, type or nn.Module, default="bce"
        From logits and y to a number: a name in ``sklearn_mlic.nn.losses.LOSSES``, a class or
        an instance.
    loss_params : dict, optional
        Settings of the loss.
    augmentation : str, callable or Augmentation, default="flip"
        What training does to images: ``"none"``, ``"flip"``, ``"light"``, ``"strong"``,
        ``"randaugment_cutout"``, ``"mixup"``, or a callable from one uint8 image (3, H, W) to
        another, such as a transform of torchvision v2, that draws from torch's generator; or a
        :class:`sklearn_mlic.deep.Augmentation`.
    sampling : {"uniform", "balanced"}, default="uniform"
        ``"balanced"`` draws a label, then one of its rows: rare labels are seen as often as
        frequent ones.
    optimizer : str or type, default="adamw"
        A name in ``timm.optim.list_optimizers()`` (of which ``"sgd"`` has Nesterov momentum 0.9)
        or a torch class. Biases, norms and positions do not decay.
    optimizer_params : dict, optional
        Further settings of the optimiser, such as ``{"betas": (0.9, 0.99)}``.
    lr : float, default=3e-4
        Learning rate, of schedules the highest.
    backbone_lr_scale : float, default=1.0
        The backbone learns at `lr` times this.
    weight_decay : float, default=1e-4
        Weight decay of the optimiser.
    schedule : {"none", "one_cycle", "cosine", "exponential", "plateau"}, default="none"
        The learning rate over the fit: constant; up and down (Smith 2018; momentum is not
        cycled); down along a cosine; less after each epoch; halved after more than 2 epochs
        without a lower validation loss.
    schedule_params : dict, optional
        Of ``"one_cycle"`` ``pct_start``, ``div_factor`` and ``final_div_factor``, as torch's
        ``OneCycleLR`` has them; of ``"cosine"`` ``final``, the part of `lr` left at the end; of
        ``"exponential"`` ``gamma=0.95``, the factor of an epoch; of ``"plateau"`` those of
        torch's ``ReduceLROnPlateau``.
    warmup_epochs : float, default=0
        Epochs over which the rate rises; for ``"one_cycle"`` its rising part.
    clip_norm : float, optional
        The norm that gradients are clipped to.
    accumulate : int, default=1
        Batches whose gradients make one step.
    ema_decay : float, optional
        The weights that predict are a running average with this decay, such as 0.999, which
        warms up; None takes those of the last step.
    max_epochs : int, default=10
        Passes over the training images.
    batch_size : int, default=32
        Images a batch.
    early_stopping : bool, default=False
        Whether to stop when the score of a validation part no longer rises, and go back to the
        weights of the best epoch.
    scoring : str or callable, default="mAP"
        What scores the validation part: a name in ``sklearn_mlic.metrics.SCORERS``, one of
        scikit-learn's, or ``scorer(estimator, X, y)``, whose X is a placeholder; or ``"loss"``,
        of which less is better.
    validation : float, int, splitter or iterable, default=0.1
        The validation part that early stopping and ``"plateau"`` need: a multi-label stratified
        fraction, or the first test part of as many folds, of a splitter, or of (train, test)
        rows. ``fit(X_val=, y_val=)`` takes precedence.
    n_iter_no_change : int, default=5
        Epochs without a better score that end the training.
    warm_start : bool, default=False
        Whether fit goes on from the weights of the last one.
    checkpoint : path, optional
        A folder where the state of the fit is written after each epoch. Each fit has a file of
        its own there, named after its data and settings, which stays until you delete it.
    resume : bool, default=False
        Whether fit goes on from the checkpoint of a fit of the same data and settings that was
        killed; it ends as that one would have ended.
    callbacks : list, optional
        Callbacks of skorch, or pairs of a name and one. During training they find the estimator
        in ``net.estimator_``: it predicts with the weights as they are.
    on_error : {"raise", "skip"}, default="raise"
        What fit does with an image that cannot be read: an error that names it, or a first
        pass over all images and a warning that lists those left out. Prediction always raises.
    cache : None, "ram" or path, default=None
        Where decoded images, and the tokens of a frozen backbone, are kept: nowhere longer than
        needed; in memory, images for the fit, tokens for the process; or in a folder, for later
        fits and other processes too.
    n_jobs : int, optional
        Processes that decode and augment images. None and 1 do it in this one. The result is the
        same.
    device : str, default="auto"
        ``"auto"`` is CUDA, else MPS, else the CPU.
    distributed : {None, "accelerate"}, default=None
        ``"accelerate"`` trains one network in all the processes that ``torchrun`` or ``accelerate
        launch`` started, each on its own device. Each is given the same X and y and takes its
        part of every batch; `batch_size` is the whole batch's. Started alone, nothing changes.
        Needs ``pip install sklearn-mlic[accelerate]``.
    precision : {"auto", "fp32", "bf16", "fp16"}, default="auto"
        ``"auto"`` is bfloat16 where the hardware multiplies it natively and the network gains
        from it (see :func:`sklearn_mlic.nn.runtime.resolve_precision`), float32 elsewhere.
        ``"fp16"`` is for CUDA and scales the loss.
    compile : bool, default=False
        Whether ``torch.compile`` translates the network first; it pays in long fits.
    random_state : int, RandomState or None, default=None
        Weights, order and augmentation follow from it.
    verbose : int, default=0
        1 shows a progress bar and a line an epoch.
    net_params : dict, optional
        Arguments for ``skorch.NeuralNet`` that take precedence over all others, such as
        ``{"optimizer__eps": 1e-6}`` or ``{"iterator_train__prefetch_factor": 4}``.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    history_ : DataFrame
        The numbers of each epoch: ``epoch``, ``lr``, ``train_loss``, ``dur`` in seconds and, with
        a validation part, ``valid_loss`` and ``valid_`` with the name of the score.
    epochs_ : list of dict
        The same, as it is stored.
    model_spec_ : dict
        What it takes to build the network again: the backbone's description, the head, and the
        vectors of the labels where there are any.
    label_encoder_ : object
        What encodes label names, where `label_encoder` is given.
    input_kind_ : {"image", "features"}
        What fit was given.
    label_range_ : ndarray of shape (2, n_labels)
        The lowest and the highest value of each label in training.
    constant_values_ : ndarray of shape (n_labels,)
        The value that prediction gives a label which took no other in training; NaN elsewhere.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features, when fitted on feature vectors.

    References
    ----------
    Draelos, R. L. and Carin, L. (2020). Use HiResCAM instead of Grad-CAM for faithful
    explanations of convolutional neural networks.
    Smith, L. N. (2018). A disciplined approach to neural network hyper-parameters.

    Examples
    --------
    >>> from sklearn_mlic import ImageClassifier
    >>> from sklearn_mlic.datasets import make_multilabel_images
    >>> bunch = make_multilabel_images(n_samples=24, random_state=0)
    >>> model = ImageClassifier("test_resnet", pretrained=False, image_size=64, max_epochs=1)
    >>> model.fit(bunch.data, bunch.target).predict_proba(bunch.data).shape
    (24, 8)
    """

    def __init__(
        self,
        backbone="resnet18",
        *,
        head="linear",
        head_params=None,
        label_encoder=None,
        pretrained=True,
        backbone_params=None,
        image_size=None,
        image="image",
        freeze=None,
        loss="bce",
        loss_params=None,
        augmentation="flip",
        sampling="uniform",
        optimizer="adamw",
        optimizer_params=None,
        lr=3e-4,
        backbone_lr_scale=1.0,
        weight_decay=1e-4,
        schedule="none",
        schedule_params=None,
        warmup_epochs=0,
        clip_norm=None,
        accumulate=1,
        ema_decay=None,
        max_epochs=10,
        batch_size=32,
        early_stopping=False,
        scoring="mAP",
        validation=0.1,
        n_iter_no_change=5,
        warm_start=False,
        checkpoint=None,
        resume=False,
        callbacks=None,
        on_error="raise",
        cache=None,
        n_jobs=None,
        device="auto",
        distributed=None,
        precision="auto",
        compile=False,
        random_state=None,
        verbose=0,
        net_params=None,
    ):
        self.backbone = backbone
        self.head = head
        self.head_params = head_params
        self.label_encoder = label_encoder
        self.pretrained = pretrained
        self.backbone_params = backbone_params
        self.image_size = image_size
        self.image = image
        self.freeze = freeze
        self.loss = loss
        self.loss_params = loss_params
        self.augmentation = augmentation
        self.sampling = sampling
        self.optimizer = optimizer
        self.optimizer_params = optimizer_params
        self.lr = lr
        self.backbone_lr_scale = backbone_lr_scale
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
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.device = device
        self.distributed = distributed
        self.precision = precision
        self.compile = compile
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params

    def _build_model(self, columns: dict, n_labels: int, device: torch.device) -> ImageModel:
        backbone, spec = self._build_backbone(columns)
        spec |= {"head": deepcopy(self.head), "head_params": deepcopy(self.head_params)}
        if self.label_encoder is not None:
            self.label_encoder_ = fit_label_encoder(self.label_encoder, self.label_names_)
            spec["label_vectors"] = encode_labels(self.label_encoder_, self.label_names_)
        # Kept apart from the parameters, which may be set anew after the fit.
        self.model_spec_ = spec
        return self._assemble(backbone, n_labels, device, resolve_precision)

    def _build_backbone(self, columns: dict) -> tuple[Any, dict[str, Any]]:
        """Return the backbone for what fit was given, and what describes both."""
        if "features" in columns:
            return None, {"n_features": columns["features"].shape[1]}
        backbone = make_backbone(
            self.backbone,
            pretrained=self.pretrained,
            image_size=self.image_size,
            params=self.backbone_params,
        )
        return backbone, {"backbone": asdict(backbone.spec), "n_features": backbone.n_features}

    def _rebuild_model(self, n_labels: int, device: torch.device) -> ImageModel:
        kept = self.model_spec_.get("backbone")
        backbone = None if kept is None else rebuild_backbone(BackboneSpec(**kept))
        return self._assemble(backbone, n_labels, device, available_precision)

    def _assemble(
        self, backbone: Any, n_labels: int, device: torch.device, choose_precision: Callable
    ) -> ImageModel:
        """Put the network together from a backbone and ``model_spec_``."""
        head = self._make_head(n_labels, n_features=self.model_spec_["n_features"])
        if backbone is None:
            return ImageModel(None, head)
        return ImageModel(backbone, head, choose_precision(self.precision, device, backbone))

    def _make_head(self, n_labels: int, **sizes: Any) -> torch.nn.Module:
        spec = self.model_spec_
        sizes |= {"n_labels": n_labels}
        if isinstance(spec["head"], type) and not issubclass(spec["head"], torch.nn.Module):
            raise TypeError(f"head={spec['head']!r} is no torch.nn.Module; expected a head.")
        if "label_vectors" in spec:
            check_takes_vectors(spec["head"], spec["head_params"], HEADS)
            sizes["label_vectors"] = torch.from_numpy(spec["label_vectors"].copy())
        # A copy: training changes a head, and the one in the spec stays as it is.
        head = make_choice("head", deepcopy(spec["head"]), HEADS, spec["head_params"], **sizes)
        if not isinstance(head, torch.nn.Module):
            raise TypeError(
                f"head={spec['head']!r}; expected one of {', '.join(HEADS)}, or a torch.nn.Module "
                f"from tokens (B, N, D) to logits (B, L), or its class."
            )
        return head

    def _precompute(self, records: Records, model: ImageModel, device: torch.device) -> Records:
        """Run a backbone that never changes, on images that never change, once."""
        if self.freeze != "backbone" or "image" not in records.columns:
            return records
        if make_augmentation(self.augmentation, model.backbone.image_size) != Augmentation():
            return records
        with clear_errors(self.batch_size):
            tokens = frozen_tokens(
                self._dataset(records, model),
                model,
                device,
                cache=self.cache,
                batch_size=self.batch_size,
                n_workers=count_workers(self.n_jobs),
                verbose=self.verbose,
            )
        meant = slice(None) if records.rows is None else records.rows
        others = {k: column[meant] for k, column in records.columns.items() if k != "image"}
        # There are tokens for the rows that are meant, and no others.
        return replace(records, columns={**others, "tokens": tokens}, rows=None)
