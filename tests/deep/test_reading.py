"""M3LA that stops reading once it is sure, and what that costs."""

import numpy as np
import pandas as pd
import pytest

from reading import draw, make


@pytest.fixture(scope="module")
def serial():
    """A network that stops, for half of the rows, after the first block."""
    X, y = draw()
    model = make(stop_confidence=1.0).fit(X, y)
    y_prob = next(model.staged_predict_proba(X))
    sureness = np.maximum(y_prob, 1 - y_prob).min(axis=1)
    return model.set_params(stop_confidence=float(np.median(sureness))), X


def test_a_row_is_read_until_it_is_sure(serial):
    model, X = serial
    order, stages = model.modality_order_(X), list(model.staged_predict_proba(X))
    n_read = pd.notna(order).sum(axis=1)
    assert 1 <= n_read.min() < n_read.max() <= 3
    least = model.stop_confidence
    sure = [np.all(np.maximum(p, 1 - p) >= least, axis=1) for p in stages]
    for row, n in enumerate(n_read):
        assert sure[n - 1][row] or n == 3
        assert not any(sure[step][row] for step in range(n - 1))


def test_the_cost_is_that_of_the_blocks_read(serial):
    model, X = serial
    order = model.modality_order_(X)
    np.testing.assert_array_equal(model.reading_costs(X), pd.notna(order).sum(axis=1))
    priced = model.set_params(costs={"colour": 1, "edges": 10, "words": 100}).reading_costs(X)
    prices = {"colour": 1, "edges": 10, "words": 100, None: 0}
    np.testing.assert_array_equal(priced, [sum(prices[name] for name in row) for row in order])
    model.set_params(costs=None)


def test_more_confidence_costs_more(serial):
    model, X = serial
    middle = model.stop_confidence
    paid = [model.set_params(stop_confidence=c).reading_costs(X).mean() for c in (0.5, middle, 1.0)]
    model.set_params(stop_confidence=middle)
    assert paid[0] == 1.0
    assert paid[0] < paid[1] < paid[2] == 3.0


def test_a_network_that_saw_all_blocks_cannot_stop():
    X, y = draw()
    model = make().fit(X, y).set_params(stop_confidence=0.9)
    with pytest.raises(ValueError, match="fitted without it and knows all blocks"):
        model.predict(X)


def test_dear_blocks_are_read_late():
    X, y = draw()
    costs = {"colour": 1000.0, "edges": 1.0, "words": 1000.0}
    model = make(stop_confidence=1.0, costs=costs).fit(X, y)
    assert (model.modality_order_(X)[:, 0] == "edges").all()
