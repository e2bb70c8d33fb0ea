"""The transformers of a union: checked, given their metadata, and called one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from sklearn_mlic.features._block_inputs import AS_IS, LEFT_OUT, is_list_of_blocks


def check_transformers(items: Any) -> None:
    """Raise where the parameter `transformers` is not what a union takes.

    Parameters
    ----------
    items : object
        What the user gave.

    Raises
    ------
    TypeError, ValueError
        If it is no list of blocks, one of them has no transformer, or all are left out.
    """
    if not is_list_of_blocks(items):
        raise ValueError(
            f"transformers={items!r:.300}; expected a list of (name, transformer, columns), one at "
            f"least, such as [('text', TextEmbedder(), 'caption')]."
        )
    for name, transformer, *_ in items:
        words = isinstance(transformer, str)
        if words and transformer in (LEFT_OUT, AS_IS):
            continue
        if words or isinstance(transformer, type) or not hasattr(transformer, "transform"):
            raise TypeError(
                f"The block {name!r} has {transformer!r:.200}; expected a transformer, {AS_IS!r} "
                f"or {LEFT_OUT!r}."
            )
    if not kept_blocks(items):
        raise ValueError(f"All blocks are {LEFT_OUT!r}; expected one at least that is not.")


def kept_blocks(items: Sequence[tuple]) -> list[tuple[str, Any, Any]]:
    """Return name, transformer and columns of the blocks that are not left out.

    Parameters
    ----------
    items : sequence of (str, transformer) or (str, transformer, columns) tuples
        Checked.

    Returns
    -------
    list of (str, transformer, columns) tuples
        Each with a transformer; columns are None where none were given.
    """
    kept = []
    for name, transformer, *columns in items:
        if isinstance(transformer, str) and transformer == LEFT_OUT:
            continue
        if isinstance(transformer, str):
            # Without a check: scikit-learn's would refuse what another block is to get.
            transformer = FunctionTransformer(accept_sparse=True, check_inverse=False)
        kept.append((name, transformer, columns[0] if columns else None))
    return kept


def route_to_blocks(owner: Any, items: Sequence[tuple]) -> MetadataRouter:
    """Tell which metadata of the owner's methods goes to which method of the transformers.

    Parameters
    ----------
    owner : estimator
        The union.
    items : sequence of (str, transformer) or (str, transformer, columns) tuples
        Its blocks.

    Returns
    -------
    MetadataRouter
        It sends each transformer what it asks for.
    """
    router = MetadataRouter(owner=owner)
    for name, transformer, *_ in items:
        one_call = hasattr(transformer, "fit_transform")
        mapping = MethodMapping().add(caller="transform", callee="transform")
        for caller in ("fit", "fit_transform"):
            for callee in ["fit_transform"] if one_call else ["fit", "transform"]:
                mapping.add(caller=caller, callee=callee)
        router.add(**{name: transformer}, method_mapping=mapping)
    return router


def fit_transform_block(
    name: str, transformer: Any, X: Any, y: Any, params: Mapping[str, dict]
) -> tuple[Any, Any]:
    """Fit a clone of one transformer and transform.

    Parameters
    ----------
    name : str
        The block's.
    transformer : transformer
        Not fitted.
    X : object
        What the block is made of.
    y : object
        The labels, or None.
    params : mapping of str to dict
        Metadata by method.

    Returns
    -------
    transformer
        Fitted.
    object
        Its output.

    Raises
    ------
    ValueError
        If its output is sparse and it was told to return a DataFrame; it names the block.
    """
    fitted = clone(transformer)
    if hasattr(fitted, "fit_transform"):
        given = params.get("fit_transform", {})  # 'passthrough' asks for none
        return fitted, _call(name, fitted, "fit_transform", X, y, **given)
    fitted.fit(X, y, **params.get("fit", {}))
    return fitted, _call(name, fitted, "transform", X, **params.get("transform", {}))


def transform_block(name: str, transformer: Any, X: Any, params: Mapping[str, dict]) -> Any:
    """Transform with one transformer.

    Parameters
    ----------
    name : str
        The block's.
    transformer : transformer
        Fitted.
    X : object
        What the block is made of.
    params : mapping of str to dict
        Metadata by method.

    Returns
    -------
    object
        Its output.

    Raises
    ------
    ValueError
        If its output is sparse and it was told to return a DataFrame; it names the block.
    """
    return _call(name, transformer, "transform", X, **params.get("transform", {}))


def _call(name: str, transformer: Any, method: str, *args: Any, **params: Any) -> Any:
    """Call a method, under which no frame is asked for that would only be taken apart again."""
    # Not so in a pipeline, whose later steps may take columns of the earlier ones by name.
    form = {} if isinstance(transformer, Pipeline) else {"transform_output": "default"}
    try:
        with config_context(**form):
            return getattr(transformer, method)(*args, **params)
    except ValueError as error:
        if "outputs a scipy sparse matrix" not in str(error):
            raise
        raise ValueError(
            f"The block {name!r}, {type(transformer).__name__}, gives a sparse matrix, and "
            f"scikit-learn is set to return DataFrames. Put set_output(transform='default') on it."
        ) from error
