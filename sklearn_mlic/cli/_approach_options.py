"""The options of a network and of its training, which build the approaches."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from sklearn_mlic.cli._approaches import RECIPES, WITH_BACKBONE, check_approach, check_use
from sklearn_mlic.cli._data_options import DataOptions

_BACKBONE = "resnet18"


@dataclass
class ApproachOptions:
    """The network and how it is run."""

    backbone: Annotated[
        str | None,
        Option(
            help="A timm network, for all approaches that are not named after theirs; by default "
            "resnet18, of a recipe its own."
        ),
    ] = None
    weights: Annotated[
        str,
        Option(help="'published' (fetched on first use), 'random', or a file for the --backbone."),
    ] = "published"
    backbone_param: Annotated[
        list[str] | None, Option(help="NAME=VALUE for the --backbone; may be repeated.")
    ] = None
    image_size: Annotated[int | None, Option(help="Side of the network's input, pixels.")] = None
    text_encoder: Annotated[
        str | None,
        Option(
            help="Name or folder of a sentence-transformers network, for 'fusion'; by default "
            "sentence-transformers/all-MiniLM-L6-v2."
        ),
    ] = None
    cache: Annotated[
        Path | None, Option(help="Folder that keeps embeddings and, to train on, images.")
    ] = None
    literal: Annotated[
        bool, Option("--literal", help="Train the recipes exactly as they were published.")
    ] = False
    epochs: Annotated[
        int | None,
        Option(help="Epochs of training; by default 6 for 'finetune', else those of the approach."),
    ] = None
    lr: Annotated[
        float | None,
        Option(help="Learning rate; by default 3e-4 for 'finetune', else the recipe's."),
    ] = None
    n_jobs: Annotated[int | None, Option(help="Threads or processes that decode images.")] = None
    device: Annotated[str, Option(help="'auto', 'cpu', 'cuda' or 'mps'.")] = "auto"
    precision: Annotated[str, Option(help="'auto', 'fp32', 'bf16', or 'fp16' to train.")] = "auto"
    rule: Annotated[
        str | None,
        Option(
            help="Threshold rule: f1, micro_f1, cardinality, …, or a scikit-learn scorer; "
            "by default f1, of a recipe its own."
        ),
    ] = None
    seed: Annotated[int, Option(help="Seed of everything random.")] = 0
    quiet: Annotated[bool, Option("--quiet", "-q", help="No progress, no remarks.")] = False

    def check(self, names: Sequence[str], data: DataOptions) -> None:
        """Refuse what cannot be built, before any data is read or anything heavy imported."""
        from sklearn_mlic.thresholds._methods import make_rule

        if self.rule is not None:
            make_rule(self.rule, None)
        data.check()
        for name in names:
            check_approach(name, has_text=bool(data.text), may_lack_image=data.may_lack_image)
        if self.literal:
            check_use("--literal", list(RECIPES), names)
        if self.backbone_param:
            check_use("--backbone-param", sorted(WITH_BACKBONE), names)
        if self.text_encoder is not None:
            check_use("--text-encoder", ["fusion"], names)

    def build(
        self, names: Sequence[str], data: DataOptions, embeddings: Path | None = None
    ) -> dict[str, Any]:
        """Build the approaches of these names for data that was read.

        `embeddings` is a folder that keeps embeddings where none was asked for.
        """
        texts = data.text_names
        text = texts[0] if len(texts) == 1 else texts
        cache = _as_text(self.cache or embeddings)
        return {name: self._build(*name.partition(":")[::2], text, cache) for name in names}

    def _build(self, approach: str, kind: str, text: str | list[str], cache: str | None) -> Any:
        from sklearn_mlic import recipes

        if approach in RECIPES:
            return self._recipe(approach, text)
        common = {"random_state": self.seed, "rule": self.rule or "f1"}
        if approach == "prior":
            return recipes.label_prior(strategy=kind or "prior", **common)
        if approach == "finetune":
            return recipes.fine_tuned(self._classifier(), **common)
        if approach == "fusion":
            return self._fusion(text, cache)
        if approach == "modalities":
            if self.epochs is not None:
                common["max_epochs"] = self.epochs
            return recipes.image_modalities(self._embedder(cache), text or None, **common)
        common["classifier"] = kind or "binary_relevance"
        if approach == "text":
            return recipes.text_probe(text, **common)
        if approach == "image":
            return recipes.image_probe(self._embedder(cache), **common)
        return recipes.image_text_probe(self._embedder(cache), text, **common)

    def _recipe(self, name: str, text: str | list[str]) -> Any:
        """Build the recipe of this name, with what was asked for and else its own settings."""
        from sklearn_mlic.recipes import RECIPES as OF_IMAGES
        from sklearn_mlic.recipes import TEXT_RECIPES

        make, network = {**OF_IMAGES, **TEXT_RECIPES}[name], {"precision": self.precision}
        settings = {
            "literal": self.literal,
            "image_size": self.image_size,
            "max_epochs": self.epochs,
            "rule": self.rule,
            "cache": _as_text(self.cache),
            **self._run(),
        }
        taken = inspect.signature(make).parameters
        # A weight file is that of --backbone, and fits no other network.
        fits = name in (self.backbone or _BACKBONE, *WITH_BACKBONE)
        pretrained = self._pretrained() if fits else bool(self._pretrained())
        if name in WITH_BACKBONE:
            network["backbone_params"] = self._backbone_params()
            if self.backbone is not None:
                settings["backbone"] = self.backbone
        if "text" in taken:
            settings["text"] = text
        if "pretrained" in taken:
            settings["pretrained"] = pretrained
        elif not isinstance(pretrained, bool):
            network["pretrained"] = pretrained
        if self.lr is not None:
            network["lr"] = self.lr
        model = make(**settings)
        model.estimator.set_params(**network)
        return model

    def _fusion(self, text: str | list[str], cache: str | None) -> Any:
        """Build the best with text, with what was asked for and else its own settings."""
        from sklearn_mlic.recipes import image_text

        asked = {
            "text_encoder": self.text_encoder,
            "max_epochs": self.epochs,
            "rule": self.rule,
            "cache": cache,
        }
        settings = {name: value for name, value in asked.items() if value is not None}
        model = image_text(text=text, **settings, **self._network(), **self._run())
        model.set_params(estimator__network__precision=self.precision)
        if self.lr is not None:
            model.set_params(estimator__network__lr=self.lr)
        return model

    def _embedder(self, cache: str | None) -> Any:
        from sklearn_mlic.features import ImageEmbedder

        settings = {"precision": self.precision, "cache": cache}
        return ImageEmbedder(**self._network(), **self._run(), **settings)

    def _classifier(self) -> Any:
        from sklearn_mlic.deep import ImageClassifier

        return ImageClassifier(
            **self._network(),
            **self._run(),
            precision=self.precision,
            max_epochs=6 if self.epochs is None else self.epochs,
            lr=3e-4 if self.lr is None else self.lr,
            cache=_as_text(self.cache),
        )

    def _network(self) -> dict[str, Any]:
        return {
            "backbone": self.backbone or _BACKBONE,
            "pretrained": self._pretrained(),
            "backbone_params": self._backbone_params(),
            "image_size": self.image_size,
        }

    def _run(self) -> dict[str, Any]:
        return {
            "device": self.device,
            "n_jobs": self.n_jobs,
            "random_state": self.seed,
            "verbose": int(not self.quiet),
        }

    def _backbone_params(self) -> dict[str, Any] | None:
        return dict(map(_parse_param, self.backbone_param or [])) or None

    def _pretrained(self) -> bool | str:
        return {"published": True, "random": False}.get(self.weights, self.weights)


def _as_text(path: Path | None) -> str | None:
    """A path as text, so that a model file needs no type for it."""
    return None if path is None else str(path)


def _parse_param(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; numbers, True, False and None are read as Python writes them."""
    from ast import literal_eval

    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--backbone-param {text!r}: expected NAME=VALUE, as in pad_type=same.")
    try:
        return name, literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value
