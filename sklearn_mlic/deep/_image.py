"""The image classifier: any timm backbone, a head, a loss."""

from copy import deepcopy
from dataclasses import asdict
from typing import Any

import torch

from sklearn_mlic.deep._base import BaseDeepClassifier
from sklearn_mlic.nn.backbones import BackboneSpec, make_backbone, rebuild_backbone
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.nn.runtime import resolve_precision
from sklearn_mlic.utils._choices import make_choice


class ImageClassifier(BaseDeepClassifier):
    """Fine-tune an image network on several labels an image.

    Choose it when :class:`~sklearn_mlic.features.ImageEmbedder` with a linear classifier is no
    longer good enough and there are some hundred images or more; a GPU helps. Given feature
    vectors instead of images, it trains the head on them alone.

    Parameters
    ----------
    backbone : str, default="resnet18"
        A timm name, see ``timm.list_models()``.
    head : str, type or nn.Module, default="linear"
        From tokens to logits: a name in ``sklearn_mlic.nn.heads.HEADS``, a class that takes
        ``n_features`` and ``n_labels``, or an instance.
    head_params : dict, optional
        Settings of the head, such as ``{"pool": "max"}``.
    pretrained : bool or path, default=True
        True takes timm's published weights (downloaded on first use), False random ones, a path
        the weights of a safetensors or torch file.
    backbone_params : dict, optional
        Further arguments for ``timm.create_model``.
    image_size : int, optional
        Images are resized to this square, in pixels, without cropping. None takes the size
        that the weights were trained at.
    image : str, default="image"
        The column that holds the images when X is a DataFrame.
    loss : str, type or nn.Module, default="bce"
        From logits and y to a number: a name in ``sklearn_mlic.nn.losses.LOSSES``, a class or
        an instance.
    loss_params : dict, optional
        Settings of the loss.
    augmentation : {"flip", "none"}, default="flip"
        What training does to an image: ``"flip"`` mirrors every other one.
    optimizer : {"adamw", "adam"} or type, default="adamw"
        The optimiser, by name or as a torch class.
    lr : float, default=3e-4
        Learning rate.
    weight_decay : float, default=1e-4
        Weight decay of the optimiser.
    max_epochs : int, default=10
        Passes over the training images.
    batch_size : int, default=32
        Images a step.
    early_stopping : bool, default=False
        Whether to hold out a multi-label stratified part, stop when its mAP no longer rises,
        and go back to the best epoch.
    validation_fraction : float, default=0.1
        The part held out for early stopping.
    n_iter_no_change : int, default=5
        Epochs without a better score that end the training.
    on_error : {"raise", "skip"}, default="raise"
        What fit does with an image that cannot be read: an error that names it, or a first
        pass over all images and a warning that lists those left out. Prediction always raises.
    n_jobs : int, optional
        Processes that decode images. None and 1 decode in this one.
    device : str, default="auto"
        ``"auto"`` is CUDA, else MPS, else the CPU.
    precision : {"auto", "fp32", "bf16"}, default="auto"
        ``"auto"`` is bfloat16 where the hardware multiplies it natively and the network gains
        from it (see :func:`sklearn_mlic.nn.runtime.resolve_precision`), float32 elsewhere.
    random_state : int, RandomState or None, default=None
        Weights, order and augmentation follow from it.
    verbose : int, default=0
        1 shows a progress bar and a line an epoch.
    net_params : dict, optional
        Arguments for ``skorch.NeuralNet``, merged last.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The trained net.
    history_ : list of dict
        The numbers of each epoch: ``epoch``, ``train_loss``, ``dur`` in seconds and, with early
        stopping, ``valid_loss`` and ``valid_mAP``.
    model_spec_ : dict
        What it takes to build the network again: the backbone's description and the head.
    input_kind_ : {"image", "features"}
        What fit was given.
    constant_values_ : ndarray of shape (n_labels,)
        The value that prediction gives a label which took no other in training; NaN elsewhere.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features, when fitted on feature vectors.

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
        pretrained=True,
        backbone_params=None,
        image_size=None,
        image="image",
        loss="bce",
        loss_params=None,
        augmentation="flip",
        optimizer="adamw",
        lr=3e-4,
        weight_decay=1e-4,
        max_epochs=10,
        batch_size=32,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=5,
        on_error="raise",
        n_jobs=None,
        device="auto",
        precision="auto",
        random_state=None,
        verbose=0,
        net_params=None,
    ):
        self.backbone = backbone
        self.head = head
        self.head_params = head_params
        self.pretrained = pretrained
        self.backbone_params = backbone_params
        self.image_size = image_size
        self.image = image
        self.loss = loss
        self.loss_params = loss_params
        self.augmentation = augmentation
        self.optimizer = optimizer
        self.lr = lr
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.device = device
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose
        self.net_params = net_params

    def _build_model(self, columns: dict, n_labels: int, device: torch.device) -> ImageModel:
        spec = {"head": deepcopy(self.head), "head_params": deepcopy(self.head_params)}
        if "features" in columns:
            backbone, spec["n_features"] = None, columns["features"].shape[1]
        else:
            backbone = make_backbone(
                self.backbone,
                pretrained=self.pretrained,
                image_size=self.image_size,
                params=self.backbone_params,
            )
            spec |= {"backbone": asdict(backbone.spec), "n_features": backbone.n_features}
        # Kept apart from the parameters, which may be set anew after the fit.
        self.model_spec_ = spec
        return self._assemble(backbone, n_labels, device)

    def _rebuild_model(self, n_labels: int, device: torch.device) -> ImageModel:
        kept = self.model_spec_.get("backbone")
        backbone = None if kept is None else rebuild_backbone(BackboneSpec(**kept))
        return self._assemble(backbone, n_labels, device)

    def _assemble(self, backbone: Any, n_labels: int, device: torch.device) -> ImageModel:
        spec = self.model_spec_
        sizes = {"n_features": spec["n_features"], "n_labels": n_labels}
        if isinstance(spec["head"], type) and not issubclass(spec["head"], torch.nn.Module):
            raise TypeError(f"head={spec['head']!r} is no torch.nn.Module; expected a head.")
        # A copy: training changes a head, and the one in the spec stays as it is.
        head = make_choice("head", deepcopy(spec["head"]), HEADS, spec["head_params"], **sizes)
        precision = resolve_precision(self.precision, device, backbone) if backbone else "fp32"
        return ImageModel(backbone, head, precision)
