"""Monotone maps from the probabilities of one label to calibrated ones.

Each has ``fit(p, y)`` and ``predict(p)``, the form of scikit-learn's ``IsotonicRegression``.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit
from sklearn.base import BaseEstimator
from sklearn.isotonic import IsotonicRegression

# A slope of 0 or less would forget or reverse the order that the model gives the rows.
_MIN_SLOPE = 1e-3
_MAX_FACTOR = 100.0


def _count_steps(p: np.ndarray) -> int:
    """Tell how finely the scores differ: a vote of 20 trees has 20 steps from 0 to 1."""
    return max(1, len(np.unique(p)) - 1)


def _logit(p: np.ndarray, n_steps: int) -> np.ndarray:
    """Return the logit of probabilities as shares of `n_steps`, by Laplace's rule.

    None of 20 votes is no certainty: a probability of 0 would outweigh all others as a logit.
    """
    return logit((p * n_steps + 1) / (n_steps + 2))


class PlattScaling(BaseEstimator):
    """A line on the logit of the probability (Platt 1999), never falling.

    Platt's smoothed targets keep the line finite where positives and negatives are apart.
    """

    def fit(self, p: np.ndarray, y: np.ndarray) -> "PlattScaling":
        """Fit slope and intercept by maximum likelihood."""
        self.n_steps_ = _count_steps(p)
        z = _logit(p, self.n_steps_)
        n_true = np.count_nonzero(y)
        n_false = len(y) - n_true
        targets = np.where(y, (n_true + 1) / (n_true + 2), 1 / (n_false + 2))

        def loss(line: np.ndarray) -> tuple[float, np.ndarray]:
            scores = line[0] * z + line[1]
            errors = expit(scores) - targets
            value = np.mean(np.logaddexp(0, scores) - targets * scores)
            return value, np.array([np.mean(errors * z), np.mean(errors)])

        bounds = [(_MIN_SLOPE, None), (None, None)]
        found = minimize(
            loss, [1.0, 0.0], jac=True, bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9}
        )
        self.slope_, self.intercept_ = map(float, found.x)
        return self

    def predict(self, p: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities."""
        return expit(self.slope_ * _logit(p, self.n_steps_) + self.intercept_)


class TemperatureScaling(BaseEstimator):
    """One positive factor on the logit (Guo et al. 2017); a probability of 0.5 stays there."""

    def fit(self, p: np.ndarray, y: np.ndarray) -> "TemperatureScaling":
        """Find the factor of the lowest log loss, in 1/100..100."""
        self.n_steps_ = _count_steps(p)
        margins = np.where(y, 1, -1) * _logit(p, self.n_steps_)
        limit = np.log(_MAX_FACTOR)
        # The loss is convex in the factor, so that it has one valley in its logarithm as well.
        found = minimize_scalar(
            lambda log_factor: np.mean(np.logaddexp(0, -np.exp(log_factor) * margins)),
            bounds=(-limit, limit),
            method="bounded",
            options={"xatol": 1e-7},
        )
        self.factor_ = float(np.exp(found.x))
        return self

    def predict(self, p: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities."""
        return expit(self.factor_ * _logit(p, self.n_steps_))


def _isotonic() -> IsotonicRegression:
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")


MAPS: dict[str, Callable[[], BaseEstimator]] = {
    "sigmoid": PlattScaling,
    "isotonic": _isotonic,
    "temperature": TemperatureScaling,
}
