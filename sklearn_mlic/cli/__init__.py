"""The command line: ``sklearn-mlic`` with demo, fit, predict, evaluate, compare."""

from sklearn_mlic.cli._app import app, main

__all__ = ["app", "main"]
