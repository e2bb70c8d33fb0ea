"""Groups of options that several commands share, each a dataclass that knows its use."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from sklearn.utils import Bunch
from typer import Option

from sklearn_mlic.utils._choices import check_choice

APPROACHES = {
    "prior": "each label's frequency, the row to beat",
    "text": "logistic regression on the words",
    "image": "logistic regression on a frozen network's features",
    "image-text": "the same on features and words",
    "finetune": "the network trained on the images",
}
_BACKBONE = "resnet18"
# Those of `sklearn_mlic.recipes` that train a network: their settings are their own. The listing
# stands here so that --help loads no estimator.
RECIPES = {
    "plain_cnn": "three convolutions and a hidden layer, from random weights (Cho and Lu)",
    "simple_cnn": "three convolutions and a linear layer (Chen, Poon and Yang 2025)",
    "deep_cnn": "ten convolutions with batch norm (Chen, Poon and Yang 2025)",
    "advanced_cnn": "a residual network from random weights (Nguyen)",
    "resnet18": "a fine-tuned ResNet-18",
    "vgg16": "a fine-tuned VGG-16",
    "efficientnet_b4": "a fine-tuned EfficientNet-B4",
    "two_stage_transformer": "tokens look at each other, labels at tokens (Wang, Zhong and Lin)",
    "query2label": "label queries look at tokens (Liu et al. 2021)",
    "ml_decoder": "the same for thousands of labels (Ridnik et al. 2023)",
}


_WITH_BACKBONE = {
    *("image", "image-text", "finetune"),
    *("two_stage_transformer", "query2label", "ml_decoder"),
}


def with_option_groups(command: Callable) -> Callable:
    """Let a command take option groups: each field of a dataclass becomes an option of its own.

    Parameters
    ----------
    command : callable
        Its parameters that are annotated with a dataclass are replaced by the fields.

    Returns
    -------
    callable
        For Typer, which reads the signature.
    """
    hints = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    for name, parameter in inspect.signature(command).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            types = get_type_hints(hints[name], include_extras=True)
            parameters += [
                inspect.Parameter(
                    field.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=field.default,
                    annotation=types[field.name],
                )
                for field in fields(hints[name])
            ]
        else:
            parameters.append(
                parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
            )

    @wraps(command)
    def flat(**values: Any) -> Any:
        for name, group in groups.items():
            values[name] = group(**{field.name: values.pop(field.name) for field in fields(group)})
        return command(**values)

    flat.__signature__ = inspect.Signature(parameters)
    flat.__annotations__ = {p.name: p.annotation for p in parameters}
    return flat


@dataclass
class DataOptions:
    """Where images, labels and text stand in a CSV file."""

    images: Annotated[Path | None, Option(help="Folder of the images; the CSV's by default.")] = (
        None
    )
    image: Annotated[str, Option(help="Column of image names.")] = "image"
    labels: Annotated[str, Option(help="Column of labels.")] = "labels"
    text: Annotated[str | None, Option(help="Column of text, if any.")] = None
    sep: Annotated[str, Option(help="What separates the labels of an image.")] = " "
    on_error: Annotated[
        str, Option(help="'raise' stops at bad rows, 'skip' lists them and leaves them out.")
    ] = "raise"

    def read(self, path: Path, label_names: Sequence[str] | None = None) -> Bunch:
        """Load the file with its columns renamed to ``image`` and ``text``."""
        return self._load(path, labels=self.labels, label_names=label_names)

    def read_unlabelled(self, path: Path) -> Bunch:
        """Load the file without looking for labels."""
        # Predicting reads every image anyway, and names the first that it cannot read.
        return self._load(path, labels=None, verify=False)

    def _load(self, path: Path, **settings: Any) -> Bunch:
        from sklearn_mlic.datasets import load_csv

        bunch = load_csv(
            path,
            self.images,
            image=self.image,
            text=self.text,
            sep=self.sep,
            on_error=self.on_error,
            **{"verify": True, **settings},
        )
        # A model file keeps these names: it fits any CSV, whatever its columns are called.
        bunch.data.columns = ["image", "text"][: bunch.data.shape[1]]
        return bunch


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
    cache: Annotated[
        Path | None, Option(help="Folder that keeps image embeddings and, to train on, images.")
    ] = None
    literal: Annotated[
        bool, Option("--literal", help="Train the recipes exactly as they were published.")
    ] = False
    epochs: Annotated[
        int | None,
        Option(help="Epochs of training; by default 6 for 'finetune', else the recipe's."),
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
        for name in names:
            approach, colon, kind = name.partition(":")
            check_choice("approach", approach, [*APPROACHES, *RECIPES])
            if colon:
                _check_kind(approach, kind)
            if "text" in approach and data.text is None:
                raise ValueError(f"The approach {name!r} needs text: name its column with --text.")
        if self.literal and RECIPES.keys().isdisjoint(names):
            raise ValueError(f"--literal is for the recipes: {', '.join(RECIPES)}.")
        if self.backbone_param and _WITH_BACKBONE.isdisjoint(n.partition(":")[0] for n in names):
            raise ValueError(
                f"--backbone-param is for approaches that take a --backbone: "
                f"{', '.join(sorted(_WITH_BACKBONE))}."
            )

    def build(self, names: Sequence[str], embeddings: Path | None = None) -> dict[str, Any]:
        """Build the approaches of these names; the pictures' column is ``image``.

        `embeddings` is a folder that keeps image embeddings where none was asked for.
        """
        return {name: self._build(*name.partition(":")[::2], embeddings) for name in names}

    def _build(self, approach: str, kind: str, embeddings: Path | None) -> Any:
        from sklearn_mlic import recipes

        if approach in RECIPES:
            return self._recipe(approach)
        common = {"random_state": self.seed, "rule": self.rule or "f1"}
        if approach == "prior":
            return recipes.label_prior(strategy=kind or "prior", **common)
        if approach == "finetune":
            return recipes.fine_tuned(self._classifier(), **common)
        common["classifier"] = kind or "binary_relevance"
        if approach == "text":
            return recipes.text_probe(**common)
        probe = recipes.image_probe if approach == "image" else recipes.image_text_probe
        return probe(self._embedder(self.cache or embeddings), **common)

    def _recipe(self, name: str) -> Any:
        """Build the recipe of this name, with what was asked for and else its own settings."""
        from sklearn_mlic.recipes import RECIPES as CONSTRUCTORS

        make, network = CONSTRUCTORS[name], {"precision": self.precision}
        settings = {
            "literal": self.literal,
            "image_size": self.image_size,
            "max_epochs": self.epochs,
            "rule": self.rule,
            "device": self.device,
            "n_jobs": self.n_jobs,
            "cache": _as_text(self.cache),
            "random_state": self.seed,
            "verbose": int(not self.quiet),
        }
        taken = inspect.signature(make).parameters
        # A weight file is that of --backbone, and fits no other network.
        fits = name in (self.backbone or _BACKBONE, *_WITH_BACKBONE)
        pretrained = self._pretrained() if fits else bool(self._pretrained())
        if name in _WITH_BACKBONE:
            settings["backbone"] = self.backbone
            network["backbone_params"] = self._backbone_params()
        if "pretrained" in taken:
            settings["pretrained"] = pretrained
        elif not isinstance(pretrained, bool):
            network["pretrained"] = pretrained
        if self.lr is not None:
            network["lr"] = self.lr
        model = make(**settings)
        model.estimator.set_params(**network)
        return model

    def _backbone_params(self) -> dict[str, Any] | None:
        return dict(map(_parse_param, self.backbone_param or [])) or None

    def _pretrained(self) -> bool | str:
        return {"published": True, "random": False}.get(self.weights, self.weights)

    def _network(self) -> dict[str, Any]:
        return {
            "backbone": self.backbone or _BACKBONE,
            "pretrained": self._pretrained(),
            "backbone_params": self._backbone_params(),
            "image_size": self.image_size,
            "device": self.device,
            "precision": self.precision,
            "random_state": self.seed,
            "verbose": int(not self.quiet),
        }

    def _embedder(self, cache: Path | None) -> Any:
        from sklearn_mlic.features import ImageEmbedder

        return ImageEmbedder(**self._network(), cache=_as_text(cache), n_jobs=self.n_jobs)

    def _classifier(self) -> Any:
        from sklearn_mlic.deep import ImageClassifier

        return ImageClassifier(
            **self._network(),
            max_epochs=6 if self.epochs is None else self.epochs,
            lr=3e-4 if self.lr is None else self.lr,
            cache=_as_text(self.cache),
            n_jobs=self.n_jobs,
        )


def _as_text(path: Path | None) -> str | None:
    """A path as text, so that a model file needs no type for it."""
    return None if path is None else str(path)


def _check_kind(approach: str, kind: str) -> None:
    """Refuse what may not stand behind the colon in ``approach:kind``."""
    from sklearn_mlic import recipes

    kinds = {
        "prior": ["prior", "most_frequent_set"],
        "finetune": [],
        **{name: [] for name in RECIPES},
    }
    known = kinds.get(approach, list(recipes.CLASSIFIERS))
    if not known:
        raise ValueError(f"{approach!r} has no kinds: write it without ':{kind}'.")
    check_choice(f"kind of {approach!r}", kind, known)


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
