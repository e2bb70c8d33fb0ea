"""Lines of probability over the steps of one row."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mlic import LabelPrior, LateFusion, M3LAClassifier
from sklearn_mlic.plots import StagedPredictionDisplay

NAMES = ["cat", "dog", "eel", "fox"]
PROB = np.array([[0.3, 0.8, 0.1, 0.4], [0.6, 0.2, 0.1, 0.3], [0.7, 0.1, 0.2, 0.3]])
READ = ["colour", "edges", "words"]
BLOCKS = {"colour": slice(0, 2), "edges": slice(2, 5)}


def make(y_true=None, row=None):
    return StagedPredictionDisplay(PROB, READ, NAMES, y_true, row)


def shown(display):
    return [NAMES[j] for j in display.shown_]


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 5))
    X[3, 2:] = np.nan
    X[5] = np.nan
    y = pd.DataFrame((np.nan_to_num(X[:, [0, 4]]) > 0).astype(int), columns=["sea", "trees"])
    settings = {"hidden_size": 8, "embedding_size": 4, "max_epochs": 1, "random_state": 0}
    model = make_pipeline(FunctionTransformer(), M3LAClassifier(BLOCKS, **settings))
    return model.fit(X, y), X, y


def test_lines_are_the_probabilities_the_last_highest_first():
    display = make(row=7).plot()
    assert shown(display) == ["cat", "fox", "eel", "dog"]
    for line, j in zip(display.lines_, display.shown_, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([range(3), PROB[:, j]]))
    assert legend(display) == ["cat 0.70", "fox 0.30", "eel 0.20", "dog 0.10"]
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == READ
    assert list(display.threshold_line_.get_ydata()) == [0.5, 0.5]
    assert display.ax_.get_title("left") == "row 7"


def test_many_labels_show_the_most_probable_at_any_step():
    display = make().plot(max_labels=2)
    assert shown(display) == ["cat", "dog"]
    assert "the 2 most probable of 4 labels" in display.ax_.get_xlabel()
    assert len(make().plot(max_labels=None).lines_) == 4
    assert "of 4 labels" not in make().plot(max_labels=4).ax_.get_xlabel()


def test_true_labels_are_solid_and_always_shown():
    truth = np.array([0, 0, 1, np.nan])
    display = make(truth).plot(max_labels=2)
    assert shown(display) == ["eel", "dog"]
    assert "true or most probable" in display.ax_.get_xlabel()
    assert [line.get_linestyle() for line in display.lines_] == ["-", "--"]
    assert legend(display)[2:] == ["has the label", "has it not"]
    display = make(truth).plot()
    styles = dict(zip(shown(display), display.lines_, strict=True))
    assert styles["fox"].get_linestyle() == ":"
    assert legend(display)[-1] == "not known"


def test_lines_of_many_labels_differ():
    y_prob = np.random.default_rng(0).random((2, 30))
    names = [f"label {j}" for j in range(30)]
    display = StagedPredictionDisplay(y_prob, ["a", "b"], names).plot(max_labels=None)
    assert len({(line.get_color(), line.get_marker()) for line in display.lines_}) == 30


def test_stages_of_a_fitted_network_from_inside_a_pipeline(fitted):
    model, X, y = fitted
    display = StagedPredictionDisplay.from_estimator(model, X, y=y, row=2)
    stages = [y_prob[2] for y_prob in model[-1].staged_predict_proba(X)]
    np.testing.assert_allclose(display.y_prob, stages, atol=1e-6)
    assert display.read == list(model[-1].modality_order_(X)[2])
    assert display.label_names == ["sea", "trees"]
    np.testing.assert_array_equal(display.y_true, y.iloc[2])
    other = StagedPredictionDisplay.from_estimator(model, X, label_names=["a", "b"])
    assert other.label_names == ["a", "b"]


def test_the_member_of_a_fusion_is_found(fitted):
    _, X, y = fitted
    settings = {"hidden_size": 8, "embedding_size": 4, "max_epochs": 1, "random_state": 0}
    members = [("prior", LabelPrior()), ("reader", M3LAClassifier(BLOCKS, **settings))]
    fusion = LateFusion(members).fit(X, y)
    display = StagedPredictionDisplay.from_estimator(fusion, X, row=1)
    expected = np.array([p[1] for p in fusion.estimators_[1].staged_predict_proba(X)])
    np.testing.assert_allclose(display.y_prob, expected, atol=1e-6)


def test_a_row_that_lacks_blocks_has_fewer_steps(fitted):
    model, X, _ = fitted
    display = StagedPredictionDisplay.from_estimator(model, X, row=3)
    assert display.read == ["colour"]
    assert len(display.lines_[0].get_xydata()) == 1
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="Row 5 reads no block"):
        StagedPredictionDisplay.from_estimator(model, X, row=5)


def test_a_new_figure_or_the_axes_given():
    display = StagedPredictionDisplay(PROB, ["$x", "_" * 80, "é"], ["a" * 80, "_b", "$c", "d"])
    display.plot().figure_.canvas.draw()
    figure, axes = plt.subplots(1, 2)
    assert display.plot(axes[1]) is display
    assert display.ax_ is axes[1]
    assert display.figure_ is figure
    assert not axes[0].has_data()
    figure.canvas.draw()


def test_bad_settings(fitted):
    model, X, y = fitted
    draw = StagedPredictionDisplay.from_estimator
    with pytest.raises(ValueError, match="row=40; expected a whole number from 0 to 39"):
        draw(model, X, row=40)
    with pytest.raises(ValueError, match="max_labels=0; expected"):
        draw(model, X, max_labels=0)
    with pytest.raises(ValueError, match="X has 40 rows and y has 39"):
        draw(model, X, y=y[:39])
    with pytest.raises(ValueError, match="same labels in another order"):
        draw(model, X, y=y[["trees", "sea"]])
    with pytest.raises(ValueError, match="has no explain.*such as M3LAClassifier"):
        draw(FunctionTransformer(), X)
