"""A frozen network as a transformer: images in, a float block out."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.features._cache import open_cache
from sklearn_mlic.features._image_column import image_column
from sklearn_mlic.images import PREPARATION, content_digest, count_threads, load_image
from sklearn_mlic.utils._choices import check_choice
from sklearn_mlic.utils._progress import track
from sklearn_mlic.utils._random import draw_seed
from sklearn_mlic.utils._state import plain_paths


class ImageEmbedder(TransformerMixin, BaseEstimator):
    """Turn images into vectors with a frozen, usually pretrained, timm network.

    Choose it before fine-tuning: with any scikit-learn classifier behind it, it gives most of
    the accuracy in minutes and needs no GPU. With `cache`, each image goes through the network
    once, however many folds, trials and runs ask for it.

    Parameters
    ----------
    backbone : str, default="resnet18"
        A timm name, see ``timm.list_models()``.
    pretrained : bool or path, default=True
        True takes timm's published weights (downloaded on first use), False random ones, a path
        the weights of a safetensors or torch file.
    image_size : int, optional
        Images are resized to this square, in pixels, without cropping. None takes the size
        that the weights were trained at.
    pool : {"avg", "max"}, default="avg"
        How the positions of the feature map become one vector.
    batch_size : int, default=32
        Images a forward pass.
    cache : path or "ram", optional
        A folder that keeps the vectors, keyed by image content, network, weights and
        preparation. Several processes may share it. ``"ram"`` keeps them in memory instead.
    device : str, default="auto"
        ``"auto"`` is CUDA, else MPS, else the CPU.
    precision : {"auto", "fp32", "bf16"}, default="auto"
        ``"auto"`` is bfloat16 where the hardware multiplies it natively and the network gains
        from it (see :func:`sklearn_mlic.nn.runtime.resolve_precision`), float32 elsewhere.
    backbone_params : dict, optional
        Further arguments for ``timm.create_model``.
    image : str, default="image"
        The column that holds the images when X is a DataFrame.
    n_jobs : int, optional
        Threads that decode images while the network runs. None means one a processor, at most
        4; -1 one a processor.
    random_state : int, RandomState or None, default=None
        Draws the weights when ``pretrained=False``.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    backbone_ : Backbone
        The network.
    n_features_out_ : int
        Width of the vectors.

    Examples
    --------
    >>> from sklearn_mlic import ImageEmbedder
    >>> from sklearn_mlic.datasets import make_multilabel_images
    >>> images = make_multilabel_images(n_samples=4, random_state=0).data["image"]
    >>> embedder = ImageEmbedder("test_resnet", pretrained=False, random_state=0)
    >>> embedder.fit_transform(images).shape
    (4, 96)
    """

    def __init__(
        self,
        backbone="resnet18",
        pretrained=True,
        *,
        image_size=None,
        pool="avg",
        batch_size=32,
        cache=None,
        device="auto",
        precision="auto",
        backbone_params=None,
        image="image",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.backbone = backbone
        self.pretrained = pretrained
        self.image_size = image_size
        self.pool = pool
        self.batch_size = batch_size
        self.cache = cache
        self.device = device
        self.precision = precision
        self.backbone_params = backbone_params
        self.image = image
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> "ImageEmbedder":
        """Load the network; nothing is learned from X.

        Parameters
        ----------
        X : sequence of paths, PIL images or uint8 arrays, or DataFrame
            Only its form is checked.
        y : object, optional
            Ignored.

        Returns
        -------
        self : ImageEmbedder
            The fitted transformer.

        Raises
        ------
        ValueError
            If X has no images, or a setting is unknown or not to be had here.
        """
        import torch

        from sklearn_mlic.nn.backbones import make_backbone
        from sklearn_mlic.nn.layers import POOLS
        from sklearn_mlic.nn.runtime import resolve_device, seeded

        image_column(self, X)
        check_choice("pool", self.pool, POOLS)
        check_choice("precision", self.precision, ["auto", "fp32", "bf16"])
        if self.batch_size < 1:
            raise ValueError(f"batch_size={self.batch_size!r}; expected 1 or more.")
        resolve_device(self.device)
        with seeded(draw_seed(self.random_state), torch.device("cpu")):
            self.backbone_ = make_backbone(
                self.backbone,
                pretrained=self.pretrained,
                image_size=self.image_size,
                params=self.backbone_params,
            )
        self.n_features_out_ = self.backbone_.n_features
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Embed images.

        Parameters
        ----------
        X : sequence of paths, PIL images or uint8 arrays, or DataFrame
            The images.

        Returns
        -------
        block : ndarray of float32, shape (n_samples, n_features_out_)
            One vector an image.

        Raises
        ------
        ImageError
            If an image cannot be read; it names the row and the file.
        """
        check_is_fitted(self)
        sources = image_column(self, X)
        if self.cache is None:
            rows = range(len(sources))
            return np.concatenate([batch for _, batch in self._embed(sources, rows)])
        cache = open_cache(self.cache, self._setup())
        contents = [content_digest(source, row) for row, source in enumerate(sources)]
        vectors = cache.get(contents)
        missing = [row for row, content in enumerate(contents) if content not in vectors]
        for rows, batch in self._embed(sources, missing):
            keys = [contents[row] for row in rows]
            cache.put(keys, batch)
            vectors.update(zip(keys, batch, strict=True))
        return np.array([vectors[content] for content in contents])

    def _embed(self, sources: Sequence, rows: Sequence[int]) -> Iterator[tuple]:
        """Yield (rows, vectors) batch by batch; the next batch is decoded meanwhile."""
        import torch

        from sklearn_mlic.nn.layers import pool_tokens
        from sklearn_mlic.nn.runtime import autocast, available_device

        device = available_device(self.device)
        precision = self._precision(device)
        network = self.backbone_.to(device, memory_format=torch.channels_last)
        starts = range(0, len(rows), self.batch_size)
        batches = [rows[start : start + self.batch_size] for start in starts]
        decoded = _decode_ahead(
            sources, batches, network.image_size, count_threads(sources, self.n_jobs)
        )
        steps = zip(batches, decoded, strict=True)
        for batch, images in track(steps, len(batches), "Embedding images", self.verbose):
            pixels = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)  # (B, 3, H, W)
            with torch.inference_mode(), autocast(device, precision):
                vectors = pool_tokens(network(pixels).float(), self.pool)  # (B, D)
            yield batch, vectors.cpu().numpy()

    def _precision(self, device: Any) -> str:
        from sklearn_mlic.nn.runtime import resolve_precision

        return resolve_precision(self.precision, device, self.backbone_)

    def _setup(self) -> str:
        """Everything but the image that decides a vector, as the cache's key."""
        from sklearn_mlic.nn.runtime import available_device
        from sklearn_mlic.nn.state import setup_digest

        precision = self._precision(available_device(self.device))
        return setup_digest(self.backbone_, PREPARATION, self.pool, precision)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns of the block: the backbone's name and a number.

        Parameters
        ----------
        input_features : object, optional
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features_out_,)
            Such as ``resnet18_0`` and ``resnet18_1``.
        """
        check_is_fitted(self)
        names = [f"{self.backbone_.spec.name}_{i}" for i in range(self.n_features_out_)]
        return np.array(names, dtype=object)

    def __getstate__(self) -> dict:
        """Keep the parameters, and the network as its description and CPU arrays."""
        from sklearn_mlic.nn.state import to_arrays

        state = super().__getstate__()
        if "backbone_" in state:
            network = state["backbone_"]
            kept = {"spec": asdict(network.spec), "weights": to_arrays(network)}
            state = {**state, "backbone_": kept}
        return plain_paths(state)

    def __setstate__(self, state: dict) -> None:
        if "backbone_" in state:
            from sklearn_mlic.nn.backbones import BackboneSpec, rebuild_backbone
            from sklearn_mlic.nn.state import load_arrays

            kept = state["backbone_"]
            network = rebuild_backbone(BackboneSpec(**kept["spec"]))
            load_arrays(network, kept["weights"])
            state = {**state, "backbone_": network}
        super().__setstate__(state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _decode_ahead(
    sources: Sequence, batches: Sequence, size: int, n_threads: int
) -> Iterator[np.ndarray]:
    """Yield each batch as uint8 (B, H, W, 3), with one batch more under way in threads."""

    def submit(batch: Sequence[int]) -> list[Future]:
        return [pool.submit(load_image, sources[row], size, row) for row in batch]

    with ThreadPoolExecutor(n_threads) as pool:
        ahead: list[Future] = []
        for batch in batches:
            current, ahead = ahead, submit(batch)
            if current:
                yield np.stack([image.result() for image in current])
        if ahead:
            yield np.stack([image.result() for image in ahead])
