"""The command line: ``sklearn-mlic`` with demo, fit, predict, evaluate, compare, tune."""

from sklearn_mlic.cli import _comparisons  # noqa: F401 - its commands join the app
from sklearn_mlic.cli._app import app, main

__all__ = ["app", "main"]
