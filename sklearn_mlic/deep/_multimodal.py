"""The image and text classifier: a backbone, a text encoder, a fusion, a head, a loss."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch

from sklearn_mlic.deep._image import ImageClassifier
from sklearn_mlic.deep._sides import (
    check_reads_text,
    check_sides,
    make_fusion,
    mark_images,
    takes_text,
)
from sklearn_mlic.deep._texts import encode_texts, fit_text_encoder
from sklearn_mlic.deep._transforms import make_augmentation
from sklearn_mlic.images import as_columns
from sklearn_mlic.nn.fusion import FUSIONS, TextAlone
from sklearn_mlic.nn.image_text import ImageTextModel
from sklearn_mlic.nn.model import ImageModel
from sklearn_mlic.utils._choices import check_choice


class ImageTextClassifier(ImageClassifier):
    """Fine-tune an image network on images with text beside them: captions, titles, tags.

    Choose it where the text knows what the image does not show, and the other way round. A row
    may lack its text or its image (None, NaN, an empty string): the network is told so, and
    learns to do without, because training hides a side now and then; a row with neither is given
    the frequencies of the labels. With ``text=None`` it is an
    `ImageClassifier`, with ``image=None`` the same for text alone.

    Parameters
    ----------
    backbone, head, head_params : optional
        As in `ImageClassifier`; the head is given what `fusion` makes of image and text.
    text_encoder : str, path or transformer, default="sentence-transformers/all-MiniLM-L6-v2"
        Turns texts into vectors, once a fit: the name or folder of a sentence-transformers model,
        for a :class:`~sklearn_mlic.features.TextEmbedder` with this estimator's `cache`,
        `device` and `verbose`; or any transformer of texts, such as
        ``TfidfVectorizer()``, :class:`~sklearn_mlic.features.CharNgramCounter`, a pipeline or a
        union of several. A clone is fitted on the texts that are there, without their labels.
    fusion : {"concat", "late", "gated", "cross_attention", "summary_concat"}, type or Fusion, \
            default="concat"
        How the two sides meet. ``"concat"``: the text's vector beside each token of the image
        (Chen, Poon and Yang 2025). ``"late"``: each side has logits of its own, which are weighed
        label by label and added. ``"gated"``: each value comes from one side or the other
        (Arevalo et al. 2017). ``"cross_attention"``: tokens of both look at each other.
        ``"summary_concat"``: the text's vector beside the head's summary of the image, for
        ``head="lstm_transformer"`` (Cho and Lu).
    fusion_params : dict, optional
        Settings of the fusion.
    modality_dropout : float, default=0.2
        Share of the rows with both sides that lose one of them in each epoch of training, image
        or text with the same chance.
    image : str or None, default="image"
        The column of X that holds the images; None switches that side off.
    text : str, list of str or None, default="text"
        The column of X that holds the texts, or several: each is encoded on its own by the one
        encoder, and the vectors stand side by side. None switches that side off.
    label_encoder, pretrained, backbone_params, image_size, freeze : optional
        As in `ImageClassifier`.
    loss, loss_params, augmentation, sampling, optimizer, optimizer_params : optional
        As in `ImageClassifier`. Augmentation changes images only, so none that mixes rows is taken.
    lr, backbone_lr_scale, weight_decay, schedule, schedule_params, warmup_epochs : optional
        As in `ImageClassifier`.
    clip_norm, accumulate, ema_decay, max_epochs, batch_size : optional
        As in `ImageClassifier`.
    early_stopping, scoring, validation, n_iter_no_change, warm_start : optional
        As in `ImageClassifier`.
    checkpoint, resume, callbacks, on_error, cache, n_jobs, device, distributed : optional
        As in `ImageClassifier`.
    precision, compile, random_state, verbose, net_params : optional
        As in `ImageClassifier`.

    Attributes
    ----------
    text_encoder_ : transformer
        What encodes texts.
    text_width_ : int
        Width of the vectors of texts, of all columns of text together.
    input_kind_ : {"image and text", "text", "image", "features"}
        What fit was given.
    net_, history_, epochs_, model_spec_, label_encoder_ : object
        As in `ImageClassifier`.
    label_range_, constant_values_, classes_, label_names_ : ndarray
        As in `ImageClassifier`.

    See Also
    --------
    ImageClassifier : The same for images alone, where all parameters are described.
    sklearn_mlic.LateFusion : Any estimators side by side, their log-odds averaged.

    References
    ----------
    Arevalo, J., Solorio, T., Montes-y-Gómez, M. and González, F. A. (2017). Gated multimodal
    units for information fusion. ICLR workshop.
    Chen, T., Poon, K. N. A. and Yang, Z. (2025). Course report, COMP5329 Deep Learning,
    University of Sydney.
    Cho, Y. J. and Lu, R. Multi-label image classification. Course report, COMP5329 Deep
    Learning, University of Sydney.
    Neverova, N., Wolf, C., Taylor, G. and Nebout, F. (2016). ModDrop: adaptive multi-modal
    gesture recognition. IEEE TPAMI 38(8).

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn_mlic import ImageTextClassifier
    >>> from sklearn_mlic.datasets import make_multilabel_images
    >>> bunch = make_multilabel_images(n_samples=24, random_state=0)
    >>> model = ImageTextClassifier(
    ...     "test_resnet",
    ...     text_encoder=TfidfVectorizer(),
    ...     text="caption",
    ...     pretrained=False,
    ...     image_size=64,
    ...     max_epochs=1,
    ... )
    >>> model.fit(bunch.data, bunch.target).predict_proba(bunch.data).shape
    (24, 8)
    >>> without_text = bunch.data.assign(caption=None)
    >>> model.predict_proba(without_text).shape
    (24, 8)
    """

    def __init__(
        self,
        backbone="resnet18",
        *,
        head="linear",
        head_params=None,
        text_encoder="sentence-transformers/all-MiniLM-L6-v2",
        fusion="concat",
        fusion_params=None,
        modality_dropout=0.2,
        image="image",
        text="text",
        label_encoder=None,
        pretrained=True,
        backbone_params=None,
        image_size=None,
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
        super().__init__(
            backbone,
            head=head,
            head_params=head_params,
            label_encoder=label_encoder,
            pretrained=pretrained,
            backbone_params=backbone_params,
            image_size=image_size,
            image=image,
            freeze=freeze,
            loss=loss,
            loss_params=loss_params,
            augmentation=augmentation,
            sampling=sampling,
            optimizer=optimizer,
            optimizer_params=optimizer_params,
            lr=lr,
            backbone_lr_scale=backbone_lr_scale,
            weight_decay=weight_decay,
            schedule=schedule,
            schedule_params=schedule_params,
            warmup_epochs=warmup_epochs,
            clip_norm=clip_norm,
            accumulate=accumulate,
            ema_decay=ema_decay,
            max_epochs=max_epochs,
            batch_size=batch_size,
            early_stopping=early_stopping,
            scoring=scoring,
            validation=validation,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            checkpoint=checkpoint,
            resume=resume,
            callbacks=callbacks,
            on_error=on_error,
            cache=cache,
            n_jobs=n_jobs,
            device=device,
            distributed=distributed,
            precision=precision,
            compile=compile,
            random_state=random_state,
            verbose=verbose,
            net_params=net_params,
        )
        self.text_encoder = text_encoder
        self.fusion = fusion
        self.fusion_params = fusion_params
        self.modality_dropout = modality_dropout
        self.text = text

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.text is None:
            return
        if isinstance(self.fusion, str):
            check_choice("fusion", self.fusion, FUSIONS)
        if not 0 <= self.modality_dropout < 1:
            raise ValueError(
                f"modality_dropout={self.modality_dropout!r}; expected a share of the rows, from "
                f"0 to below 1."
            )
        if self.image is not None and make_augmentation(self.augmentation, 1).batch is not None:
            raise ValueError(
                f"augmentation={self.augmentation!r} mixes the images and labels of rows, and not "
                f"their texts. Choose one that changes each image alone, such as 'light'."
            )

    def _check_columns(self, X: Any, reset: bool) -> dict[str, Any]:
        if self.text is None:
            return super()._check_columns(X, reset)
        given = "text" if self.image is None else "image and text"
        if not reset:
            self._check_kind(given)
        columns = as_columns(X, image=self.image, text=self.text, may_lack_image=True)
        texts = columns.pop("text")
        if reset:
            self.text_encoder_ = fit_text_encoder(
                self.text_encoder,
                texts,
                cache=self.cache,
                device=self.device,
                verbose=self.verbose,
            )
            self.input_kind_ = given
        columns |= {
            "text": encode_texts(self.text_encoder_, texts),
            "has_text": ~np.equal(texts, None).reshape(len(texts), -1).all(axis=1),
        }
        if self.image is not None:
            columns |= mark_images(columns["image"])
            if reset:
                check_sides(columns["has_image"], columns["has_text"])
        width = columns["text"].shape[-1]
        if reset:
            self.text_width_ = width
        elif width != self.text_width_:
            raise ValueError(
                f"The texts of text={self.text!r} are vectors of {width} values, and the network "
                f"was trained on {self.text_width_}. Name the columns that fit was given."
            )
        return columns

    def _build_backbone(self, columns: dict) -> tuple[Any, dict[str, Any]]:
        if "text" not in columns:
            return super()._build_backbone(columns)
        backbone, spec = None, {"n_features": 0}
        if "image" in columns:
            backbone, spec = super()._build_backbone(columns)
        return backbone, spec | {
            "n_text": self.text_width_,
            "fusion": deepcopy(self.fusion),
            "fusion_params": deepcopy(self.fusion_params),
        }

    def _assemble(
        self, backbone: Any, n_labels: int, device: torch.device, choose_precision: Callable
    ) -> ImageModel:
        spec = self.model_spec_
        if "n_text" not in spec:
            return super()._assemble(backbone, n_labels, device, choose_precision)
        n_text = spec["n_text"]
        if backbone is None:
            fusion, precision = TextAlone(n_text), "fp32"
        else:
            fusion = make_fusion(spec, n_labels)
            precision = choose_precision(self.precision, device, backbone)
        sizes = {"n_features": fusion.n_features}
        if fusion.gives_text and takes_text(spec["head"]):
            sizes["n_text"] = n_text
        head = self._make_head(n_labels, **sizes)
        if fusion.gives_text:
            check_reads_text(head, n_text, spec["fusion"])
        return ImageTextModel(backbone, fusion, n_labels, head, precision, self.modality_dropout)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Numbers are taken with the text switched off only.
        tags.input_tags.two_d_array = self.text is None and tags.input_tags.two_d_array
        return tags
