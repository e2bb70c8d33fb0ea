"""Template captions for the synthetic images: incomplete, and now and then wrong."""

import numpy as np

_P_EMPTY = 0.05
_P_MENTION = 0.7  # of an object that is there
_P_INVENT = 0.15  # of one object that is not there

# The last wordings are shared by several kinds, so that some words narrow things down only.
_WORDINGS: dict[str, tuple[str, ...]] = {
    "disc": ("disc", "filled circle", "dot", "round thing"),
    "square": ("square", "box", "block", "four-sided shape"),
    "triangle": ("triangle", "wedge", "three-sided shape", "pointy thing"),
    "star": ("star", "five-pointed star", "starlet", "pointy thing"),
    "ring": ("ring", "hoop", "circle with a hole", "round thing"),
    "cross": ("cross", "plus sign", "plus"),
    "crescent": ("crescent", "moon", "sickle", "curved thing"),
    "heart": ("heart", "love symbol", "valentine", "curved thing"),
    "hexagon": ("hexagon", "honeycomb cell", "six-sided shape"),
    "arrow": ("arrow", "pointer", "direction sign", "pointy thing"),
}
_ADJECTIVES = ("", "", "", "big ", "small ", "colourful ", "tilted ", "patterned ", "bright ")
_TEMPLATES = (
    "a picture of {}",
    "{}",
    "{} on a busy background",
    "there is {} here",
    "I can see {}",
    "{}, partly hidden",
    "snapshot with {} and some scribbles",
    "messy scene showing {}",
    "look at {}!",
)
_NOTHING = (
    "a picture of something",
    "abstract art",
    "lots of scribbles",
    "colourful, isn't it?",
    "untitled",
)


def write_caption(present: np.ndarray, rng: np.random.RandomState) -> str:
    """Describe an image.

    Parameters
    ----------
    present : bool ndarray of shape (n_kinds,)
        Which kinds of object are in the image, in the order of the wordings.
    rng : RandomState
        The source of the wording, of what is left out and of what is invented.

    Returns
    -------
    str
        The caption; empty for one image in twenty.
    """
    if rng.uniform() < _P_EMPTY:
        return ""
    mentioned = np.flatnonzero(present & (rng.uniform(size=len(present)) < _P_MENTION))
    if rng.uniform() < _P_INVENT:
        mentioned = np.append(mentioned, rng.choice(np.flatnonzero(~present)))
    if not len(mentioned):
        return str(rng.choice(_NOTHING))
    kinds = list(_WORDINGS)
    phrases = [_phrase(kinds[k], rng) for k in rng.permutation(mentioned)]
    listing = " and ".join(filter(None, [", ".join(phrases[:-1]), phrases[-1]]))
    return str(rng.choice(_TEMPLATES)).format(listing)


def _phrase(kind: str, rng: np.random.RandomState) -> str:
    words = str(rng.choice(_ADJECTIVES)) + str(rng.choice(_WORDINGS[kind]))
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"
