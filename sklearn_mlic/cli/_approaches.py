"""The approaches by name, and what each asks of the data and of the other options."""

from collections.abc import Sequence

from sklearn_mlic.utils._choices import check_choice

#: What `compare` tries by default, where the data has it.
COMPARED = {
    "prior": "each label's frequency, the row to beat",
    "text": "logistic regression on the words",
    "image": "logistic regression on a frozen network's features",
    "image-text": "the same on features and words",
    "finetune": "the network trained on the images",
}
APPROACHES = {
    **COMPARED,
    "fusion": "a network on both sides beside probes of the text: the best with text",
    "modalities": "network, colours, textures, edges (and words), read one by one",
}
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
    "cnn_lstm_transformer": "convolutions, an LSTM and a transformer beside letter trigrams of "
    "the text (Cho and Lu)",
    "efficientnet_captions": "an EfficientNet-B4 beside letter bigrams of the text (Chen, Poon "
    "and Yang 2025)",
}
WITH_BACKBONE = {
    *("image", "image-text", "finetune", "fusion", "modalities"),
    *("two_stage_transformer", "query2label", "ml_decoder", "efficientnet_captions"),
}
# Rows may lack their image where the approach looks at none, or learns to do without.
_MAY_LACK_IMAGE = {"prior", "text", "fusion", "cnn_lstm_transformer", "efficientnet_captions"}
_NEED_TEXT = {"image-text", *_MAY_LACK_IMAGE} - {"prior"}


def suits(name: str, *, has_text: bool, may_lack_image: bool) -> bool:
    """Tell whether an approach can be trained on the data.

    Parameters
    ----------
    name : str
        The approach, without a kind.
    has_text : bool
        Whether there is text.
    may_lack_image : bool
        Whether rows may be without an image.

    Returns
    -------
    bool
        False where it needs what is not there.
    """
    return (has_text or name not in _NEED_TEXT) and not (
        may_lack_image and name not in _MAY_LACK_IMAGE
    )


def check_approach(name: str, *, has_text: bool, may_lack_image: bool) -> None:
    """Refuse a name that is unknown, or that does not go with the data.

    Parameters
    ----------
    name : str
        ``approach`` or ``approach:kind``.
    has_text, may_lack_image : bool
        As `suits` takes them.

    Raises
    ------
    ValueError
        With what to do instead.
    """
    approach, colon, kind = name.partition(":")
    check_choice("approach", approach, [*APPROACHES, *RECIPES])
    if colon:
        _check_kind(approach, kind)
    if not suits(approach, has_text=has_text, may_lack_image=False):
        raise ValueError(f"The approach {name!r} needs text: name its column with --text.")
    if not suits(approach, has_text=has_text, may_lack_image=may_lack_image):
        raise ValueError(
            f"The approach {name!r} needs an image in each row, so that it does not go with "
            f"--may-lack-image. Those that do are {', '.join(sorted(_MAY_LACK_IMAGE))}."
        )


def check_use(option: str, takers: Sequence[str], names: Sequence[str]) -> None:
    """Refuse an option that none of the approaches takes.

    Parameters
    ----------
    option : str
        As it is written, such as ``--literal``.
    takers : sequence of str
        The approaches that take it.
    names : sequence of str
        The approaches that were asked for.

    Raises
    ------
    ValueError
        If they have none in common.
    """
    if set(takers).isdisjoint(name.partition(":")[0] for name in names):
        raise ValueError(f"{option} is for {', '.join(takers)}; not for {', '.join(names)}.")


def _check_kind(approach: str, kind: str) -> None:
    """Refuse what may not stand behind the colon in ``approach:kind``."""
    from sklearn_mlic import recipes

    kinds = {
        "prior": ["prior", "most_frequent_set"],
        **{name: [] for name in ("finetune", "fusion", "modalities", *RECIPES)},
    }
    known = kinds.get(approach, list(recipes.CLASSIFIERS))
    if not known:
        raise ValueError(f"{approach!r} has no kinds: write it without ':{kind}'.")
    check_choice(f"kind of {approach!r}", kind, known)
