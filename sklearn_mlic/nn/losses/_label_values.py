"""Numbers of the labels: given, or made from label counts by a named rule."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

Rule = Callable[[Tensor, Tensor], Tensor]

# A label with one positive in 10,000 rows would else outweigh all others together.
MAX_RATIO = 100.0


class LabelValues(nn.Module):
    """A number for all labels, one number a label, a rule that makes them, or nothing.

    They are no part of the state dict: whoever trains gives the counts each time.
    """

    def __init__(
        self,
        name: str,
        given: str | float | Sequence[float] | None,
        rules: Mapping[str, Rule],
    ):
        super().__init__()
        self.name = name
        self.given = given
        self.rule = None
        values = None
        if isinstance(given, str):
            if given not in rules:
                raise ValueError(f"{name}={given!r}; expected one of {list(rules)}, or numbers.")
            self.rule = rules[given]
        elif given is not None:
            values = torch.as_tensor(given, dtype=torch.float32)
            if values.ndim > 1 or not (torch.isfinite(values) & (values >= 0)).all():
                raise ValueError(
                    f"{name}={given!r}; expected one number of at least 0, or one a label."
                )
        self.register_buffer("values", values, persistent=False)

    def set_label_counts(self, n_positive: Tensor, n_known: Tensor) -> None:
        if self.rule is not None:
            self.values = self.rule(n_positive.float(), n_known.float())

    def forward(self, logits: Tensor) -> Tensor | None:
        """Return the values, () or (L,), where the logits (B, L) are; None if none were given."""
        if self.given is None:
            return None
        if self.values is None:
            raise RuntimeError(
                f"{self.name}={self.given!r} is made from label counts: call "
                f"set_label_counts(n_positive, n_known) before training."
            )
        if self.values.ndim and len(self.values) != logits.shape[1]:
            raise ValueError(
                f"{self.name} has {len(self.values)} values for {logits.shape[1]} labels; "
                f"give one number a label."
            )
        return self.values.to(logits.device)


def negatives_per_positive(n_positive: Tensor, n_known: Tensor) -> Tensor:
    """Return (L,) ratios within 1/100 and 100; 1 for a label seen in one value only."""
    n_negative = n_known - n_positive
    ratio = (n_negative / n_positive.clamp(min=1)).clamp(1 / MAX_RATIO, MAX_RATIO)
    return torch.where((n_positive > 0) & (n_negative > 0), ratio, 1.0)


def inverse_frequency(n_positive: Tensor, n_known: Tensor) -> Tensor:
    """Return (L,) weights of mean 1, as 1 to the part of positives; 1 where there is none."""
    seen = n_positive > 0
    inverse = torch.where(seen, n_known / n_positive.clamp(min=1), 0.0)
    mean = inverse.sum() / seen.sum().clamp(min=1)
    return torch.where(seen, inverse / mean, 1.0)


def mean_inverse_count(n_positive: Tensor, n_known: Tensor) -> Tensor:
    """Return (), the mean over labels of the mean count divided by the label's count."""
    seen = n_positive > 0
    n_seen = seen.sum().clamp(min=1)
    inverse = torch.where(seen, 1 / n_positive.clamp(min=1), 0.0)
    return n_positive.sum() / n_seen * inverse.sum() / n_seen
