"""A fit that goes on from an earlier one of the same estimator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class GoOnMixin:
    """What an earlier fit left: kept for the next one, and put back where that one cannot begin."""

    def _fitted_state(self) -> dict[str, Any]:
        """What an earlier fit left, which the next one forgets as it begins; {} without one."""
        kept = {name: value for name, value in vars(self).items() if name.endswith("_")}
        return kept if "net_" in kept else {}

    @contextmanager
    def _put_back_on_error(self, earlier: dict[str, Any]) -> Iterator[None]:
        """Leave the earlier fit as it was where what is given cannot go on from it."""
        try:
            yield
        except Exception:
            vars(self).update(earlier)
            raise

    def _go_on_from(self, earlier: dict[str, Any]) -> None:
        """Check that the labels are those of the earlier fit, and take its network."""
        if not earlier:
            return
        names, before = list(self.label_names_), list(earlier["label_names_"])
        if names != before:
            raise ValueError(
                f"y has the labels {names!s:.200}, and had {before!s:.200} in the fit to go on "
                f"from. Pass the same in the same order, or train another estimator."
            )
        for name in {"model_spec_", "label_encoder_"} & earlier.keys():
            setattr(self, name, earlier[name])
