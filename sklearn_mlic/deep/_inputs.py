"""What a deep classifier is given: checked, and turned into records."""

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, validate_data

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.deep._records import Records, drop_unreadable
from sklearn_mlic.images import as_columns
from sklearn_mlic.utils._labels import as_label_matrix

# What an earlier fit says of the form of X.
_FORM = {
    *("input_kind_", "n_features_in_", "feature_names_in_"),
    *("text_encoder_", "text_width_", "blocks_", "scaler_"),
}
_KINDS = {
    "image": "images",
    "features": "feature vectors",
    "text": "texts",
    "image and text": "images and texts",
}


class InputMixin(MultilabelMixin):
    """The checks of X, y and what else ``fit`` takes.

    They read the parameters ``image``, ``on_error`` and ``n_jobs``.

    Attributes
    ----------
    input_kind_ : {"image", "features", "text", "image and text"}
        What fit was given.
    """

    def _check_columns(self, X: Any, reset: bool) -> dict[str, Any]:
        """Turn X into columns; in prediction they must be of the kind that fit saw."""
        columns = as_columns(X, image=self.image)
        given = next(iter(columns))
        if not reset:
            self._check_kind(given)
        if given == "features":
            columns = {"features": validate_data(self, X, dtype=np.float32, reset=reset)}
        if reset:
            self.input_kind_ = given
        return columns

    def _check_kind(self, given: str) -> None:
        """Refuse in prediction what is of another kind than fit was given."""
        if given != self.input_kind_:
            advice = ""
            if self.input_kind_ == "image and text":
                advice = " To do without a side, leave its column empty."
            raise ValueError(
                f"{type(self).__name__} was fitted on {_KINDS[self.input_kind_]} and is given "
                f"{_KINDS[given]}. Pass X in the form that fit took.{advice}"
            )

    def _check_records(
        self, X: Any, y: Any, sample_weight: Any, earlier: dict[str, Any]
    ) -> Records:
        """Check what is given to train on; forget an earlier fit but for the form of its X."""
        labels = self._check_labels(y, X, allow_unknown=True).astype(np.float32)
        if sample_weight is not None:
            weight = _check_sample_weight(sample_weight, labels, ensure_non_negative=True)
            if not weight.any():
                raise ValueError("sample_weight is 0 in all rows; expected a positive one.")
            sample_weight = (weight / weight.mean()).astype(np.float32)
        for name in _FORM & set(earlier):
            setattr(self, name, earlier[name])
        columns = self._check_columns(X, reset=not earlier)
        return self._readable(Records(columns, labels, sample_weight))

    def _readable(self, records: Records) -> Records:
        """Leave out images that cannot be read, where that is asked for."""
        if self.on_error == "skip" and "image" in records.columns:
            return drop_unreadable(records, self.n_jobs)
        return records

    def _check_validation(self, X_val: Any, y_val: Any, y: Any) -> Records | None:
        if X_val is None and y_val is None:
            return None
        if X_val is None or y_val is None:
            raise ValueError("One of X_val and y_val is given; expected both, or none of them.")
        columns = self._check_columns(X_val, reset=False)
        n_samples = len(Records(columns))
        if len(y_val) != n_samples:
            raise ValueError(
                f"X_val has {n_samples} rows and y_val has {len(y_val)}; expected the same number."
            )
        labels, names = as_label_matrix(y_val, "y_val", n_samples, allow_unknown=True)
        named = hasattr(y, "columns") and hasattr(y_val, "columns")
        if len(names) != len(self.label_names_) or (named and names != list(self.label_names_)):
            raise ValueError(
                f"y_val has the labels {names!s:.200} and y has {list(self.label_names_)!s:.200}; "
                f"expected the same ones in the same order: y_val[y.columns]."
            )
        return self._readable(Records(columns, labels.astype(np.float32)))
