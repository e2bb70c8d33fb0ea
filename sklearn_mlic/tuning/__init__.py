"""Search for parameters with Optuna, by scikit-learn's rules."""

from sklearn_mlic.tuning._budgets import search_space
from sklearn_mlic.tuning._search import OptunaSearchCV

__all__ = ["OptunaSearchCV", "search_space"]
