"""Every example runs from top to bottom, without a warning."""

import runpy
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("plot_*.py"))
# What an example shows beside our package, where that is no part of its dependencies.
NEEDS = {"plot_past_one_machine": ("dask.dataframe", "distributed")}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, monkeypatch):
    for module in NEEDS.get(path.stem, ()):
        pytest.importorskip(module, reason=f"the example shows {module}", exc_type=ImportError)
    matplotlib.use("agg")
    monkeypatch.setattr(plt, "show", lambda: None)
    runpy.run_path(str(path))
    assert plt.get_fignums()
    plt.close("all")
