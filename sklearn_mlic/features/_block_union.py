"""Several transformers side by side, whose outputs stay known as blocks."""

from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils import Bunch
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.metadata_routing import MetadataRouter, _raise_for_params, process_routing
from sklearn.utils.metaestimators import _BaseComposition
from sklearn.utils.parallel import delayed
from sklearn.utils.validation import _num_samples, check_is_fitted

from sklearn_mlic.features._block_inputs import (
    as_table,
    check_as_in_fit,
    is_by_name,
    is_list_of_blocks,
    remember_columns,
    select_columns,
)
from sklearn_mlic.features._block_outputs import (
    as_named_frame,
    check_outputs,
    find_blocks,
    is_worth_sparse,
    stack_outputs,
)
from sklearn_mlic.features._block_steps import (
    check_transformers,
    fit_transform_block,
    kept_blocks,
    route_to_blocks,
    transform_block,
)
from sklearn_mlic.utils._blocks import name_columns
from sklearn_mlic.utils._calls import SentOnce
from sklearn_mlic.utils._parallel import run_parallel


class BlockUnion(TransformerMixin, _BaseComposition):
    """Put the outputs of several transformers side by side and remember whose columns are whose.

    Choose it in front of `M3LAClassifier`, `ModalityChain` and `BlockFusion`, which read such
    blocks as modalities: images, texts and numbers become one matrix, and the names of its
    columns, ``block__0``, ``block__1``, …, tell the blocks. scikit-learn's ``ColumnTransformer``
    and ``FeatureUnion`` give the same numbers; this one also takes images that are no table,
    keeps the blocks of a transformer that has several, and hands the names on by default.

    Parameters
    ----------
    transformers : list of (str, transformer) or (str, transformer, columns) tuples
        Name of the block, a transformer, and what of X it gets: a column or a list of columns by
        name or number, a slice or a mask, as in ``ColumnTransformer``. A single column goes in
        as it is, one-dimensional. Without columns it gets X whole. ``"passthrough"`` takes
        numbers as they are, ``"drop"`` leaves the block out.
    as_frame : bool, default=True
        True returns a DataFrame, so that the next step of a pipeline knows the blocks (of sparse
        columns, where the matrix is sparse). False returns an array or a CSR matrix, whose
        blocks are ``blocks_``.
    sparse_threshold : float, default=0.3
        Where a transformer gives a sparse matrix, the whole is sparse if at most this share of
        it is not 0, else dense.
    n_jobs : int, optional
        Number of transformers at the same time. None means 1 unless in a
        ``joblib.parallel_config`` context, -1 all processors.
    verbose : int, default=0
        1 shows a progress bar over the transformers.

    Attributes
    ----------
    blocks_ : dict of str to slice
        The columns of each block. A transformer that has ``blocks_`` itself (`ImageDescriptors`, a
        union in a union), also as the last step of a pipeline, gives one block for each, named
        ``name__its name``.
    transformers_ : list of (str, transformer, columns) tuples
        The fitted transformers.
    named_transformers_ : Bunch
        The same by name.
    sparse_output_ : bool
        Whether the matrix is sparse.
    n_features_in_ : int
        Number of columns seen in fit, where X is a table.
    feature_names_in_ : ndarray of str
        Their names, where X has them.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mlic import BlockUnion, CharNgramCounter
    >>> X = pd.DataFrame({"text": ["a cat", "two dogs"], "year": [1990.0, 2010.0]})
    >>> union = BlockUnion(
    ...     [("letters", CharNgramCounter(1), "text"), ("year", StandardScaler(), ["year"])]
    ... )
    >>> union.fit_transform(X)[["letters__0", "letters__1", "year__0"]]
       letters__0  letters__1  year__0
    0         2.0         0.0     -1.0
    1         0.0         0.0      1.0
    >>> union.blocks_
    {'letters': slice(0, 26, None), 'year': slice(26, 27, None)}
    """

    def __init__(
        self, transformers, *, as_frame=True, sparse_threshold=0.3, n_jobs=None, verbose=0
    ):
        self.transformers = transformers
        self.as_frame = as_frame
        self.sparse_threshold = sparse_threshold
        self.n_jobs = n_jobs
        self.verbose = verbose

    @property
    def _pairs(self) -> list:
        """The transformers as pairs, the form that scikit-learn's composition handles."""
        if not is_list_of_blocks(self.transformers):  # as fit will say
            return self.transformers
        return [item[:2] for item in self.transformers]

    @_pairs.setter
    def _pairs(self, pairs: list) -> None:
        self.transformers = [
            (*pair, *item[2:]) for pair, item in zip(pairs, self.transformers, strict=True)
        ]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the transformers by ``name__parameter``.

        Parameters
        ----------
        deep : bool, default=True
            Whether the transformers and their parameters are among them.

        Returns
        -------
        params : dict
            Values by name.
        """
        return self._get_params("_pairs", deep=deep)

    def set_params(self, **params: Any) -> "BlockUnion":
        """Set parameters, replace a transformer by its name, or set a parameter of one.

        Parameters
        ----------
        **params : dict
            Values by name, such as ``hog="drop"`` or ``text__max_features=500``.

        Returns
        -------
        self : BlockUnion
            The transformer.
        """
        if "transformers" in params:
            self.transformers = params.pop("transformers")
        return self._set_params("_pairs", **params)

    def fit(self, X: Any, y: Any = None, **params: Any) -> "BlockUnion":
        """Fit the transformers.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix or sequence of images or texts
            What the transformers take.
        y : array-like of n_samples rows, optional
            Goes to each transformer.
        **params : dict
            Metadata such as ``sample_weight``, where scikit-learn's metadata routing is switched
            on: each transformer gets what it asks for.

        Returns
        -------
        self : BlockUnion
            The fitted transformer.

        Raises
        ------
        TypeError, ValueError
            If a transformer has no ``transform``, gives no matrix of numbers, or the list, its
            names or its columns are not as described; ValueError also for metadata without
            routing.
        """
        _raise_for_params(params, self, "fit")
        self.fit_transform(X, y, **params)
        return self

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit the transformers and return their outputs side by side.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix or sequence of images or texts
            What the transformers take.
        y : array-like of n_samples rows, optional
            Goes to each transformer.
        **params : dict
            Metadata such as ``sample_weight``, where scikit-learn's metadata routing is switched
            on: each transformer gets what it asks for.

        Returns
        -------
        blocks : DataFrame, ndarray or CSR matrix of shape (n_samples, n_features_out)
            As `as_frame` and `sparse_threshold` say.
        """
        _raise_for_params(params, self, "fit_transform")
        check_transformers(self.transformers)
        self._validate_names([item[0] for item in self.transformers])
        routed = process_routing(self, "fit_transform", **params)
        X = as_table(X)
        remember_columns(self, X)
        items = kept_blocks(self.transformers)
        calls = (
            delayed(fit_transform_block)(name, t, select_columns(name, X, c), y, routed[name])
            for name, t, c in items
        )
        once = SentOnce(X, y)
        done = run_parallel(calls, len(items), self.n_jobs, "Fitting blocks", self.verbose, once)
        fitted = zip(items, done, strict=True)
        self.transformers_ = [(name, t, columns) for (name, _, columns), (t, _) in fitted]
        self.named_transformers_ = Bunch(**{name: t for name, t, _ in self.transformers_})
        outputs = check_outputs([output for _, output in done], self.transformers_, _num_samples(X))
        self.blocks_ = find_blocks(outputs, self.transformers_)
        self.sparse_output_ = is_worth_sparse(outputs, self.sparse_threshold)
        return self._finish(outputs, X)

    def transform(self, X: Any, **params: Any) -> Any:
        """Return the outputs of the transformers side by side.

        Parameters
        ----------
        X : DataFrame, array-like, sparse matrix or sequence of images or texts
            In the form that ``fit`` took. Columns of a DataFrame that are asked for by name may
            stand elsewhere, and others may be missing.
        **params : dict
            Metadata, as in ``fit``.

        Returns
        -------
        blocks : DataFrame, ndarray or CSR matrix of shape (n_samples, n_features_out)
            As `as_frame` says, and sparse where it was in ``fit``.
        """
        _raise_for_params(params, self, "transform")
        check_is_fitted(self, "transformers_")
        routed = process_routing(self, "transform", **params)
        X = as_table(X)
        if not (hasattr(X, "columns") and all(is_by_name(c) for _, _, c in self.transformers_)):
            check_as_in_fit(self, X)
        calls = (
            delayed(transform_block)(name, t, select_columns(name, X, c), routed[name])
            for name, t, c in self.transformers_
        )
        n_calls, once = len(self.transformers_), SentOnce(X)
        outputs = run_parallel(
            calls, n_calls, self.n_jobs, "Transforming blocks", self.verbose, once
        )
        return self._finish(check_outputs(outputs, self.transformers_, _num_samples(X)), X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns: the block's name and a number.

        Parameters
        ----------
        input_features : object, optional
            Ignored.

        Returns
        -------
        names : ndarray of object, shape (n_features_out,)
            Such as ``hog__0`` and ``hog__1``.
        """
        check_is_fitted(self, "transformers_")
        return name_columns(self.blocks_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell scikit-learn's metadata routing what goes where.

        Returns
        -------
        MetadataRouter
            It sends each transformer what its methods ask for.
        """
        return route_to_blocks(self, self.transformers)

    def _finish(self, outputs: list, X: Any) -> Any:
        """Return the outputs side by side, in the form that was asked for."""
        stacked = stack_outputs(outputs, self.blocks_, self.sparse_output_)
        # scikit-learn, which makes frames of arrays, refuses to make one of a sparse matrix.
        if not self.as_frame and _get_output_config("transform", self)["dense"] != "pandas":
            return stacked
        index = X.index if hasattr(X, "iloc") else None  # a list has a method of that name
        return as_named_frame(stacked, self.get_feature_names_out(), index)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags
