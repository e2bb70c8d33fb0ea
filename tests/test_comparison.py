"""Properties of the comparison table."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB

from helpers import ColumnClassifier, random_case
from sklearn_mlic import (
    BinaryRelevance,
    ImageEmbedder,
    LabelPrior,
    MLkNN,
    ThresholdCalibrator,
    compare,
    make_multilabel_images,
)
from sklearn_mlic.metrics import (
    cf1_score,
    get_scorers,
    mean_average_precision,
    of1_score,
    sample_f1_score,
)
from sklearn_mlic.model_selection import MultilabelStratifiedGroupKFold
from sklearn_mlic.recipes import (
    RECIPES,
    image_probe,
    label_prior,
    resnet18,
    simple_cnn,
    text_probe,
)

COLUMNS = [
    "mAP",
    "mAP std",
    "CF1",
    "CF1 tuned",
    "OF1",
    "OF1 tuned",
    "sample-F1",
    "sample-F1 tuned",
    "fit seconds",
]


class Watched(ColumnClassifier):
    """Keeps the rows that it was fitted and tried on, under its name."""

    rows: ClassVar[dict] = {}

    def __init__(self, name="", flip=False):
        super().__init__(flip)
        self.name = name

    def fit(self, X, y):
        self.rows.setdefault(self.name, []).append(tuple(X.index))
        return super().fit(X, y)

    def predict_proba(self, X):
        self.rows.setdefault(self.name, []).append(tuple(X.index))
        return super().predict_proba(X.to_numpy())


@pytest.fixture(autouse=True)
def forget():
    Watched.rows.clear()


def column_case(seed=0, n_samples=60):
    y, X = random_case(seed, n_samples=n_samples)
    return pd.DataFrame(X[:, :-1]), y[:, :-1]


def embedder():
    return ImageEmbedder("test_resnet", pretrained=False, image_size=32, random_state=0)


def recipes():
    return {
        "prior": label_prior(0),
        "text": text_probe("caption", random_state=0),
        "image": image_probe(embedder(), random_state=0),
    }


@pytest.fixture(scope="module")
def scenes():
    return make_multilabel_images(n_samples=200, image_size=32, random_state=0)


@pytest.fixture(scope="module")
def table(scenes):
    return compare(recipes(), scenes.data, scenes.target, cv=2, random_state=0)


def test_documented_columns_and_rows_in_the_order_given(table, scenes):
    assert list(table.columns) == COLUMNS
    assert list(table.index) == ["prior", "text", "image"]
    scores = table.drop(columns="fit seconds")
    assert ((scores >= 0) & (scores <= 1)).all(axis=None)
    assert (table["fit seconds"] > 0).all()
    backwards = dict(reversed(recipes().items()))
    backwards.pop("image")
    other = compare(backwards, scenes.data, scenes.target, cv=2, random_state=0)
    assert list(other.index) == ["text", "prior"]
    # Neither the order nor the company matters.
    pd.testing.assert_frame_equal(
        other[COLUMNS[:-1]], table.loc[["text", "prior"], COLUMNS[:-1]], check_names=False
    )


def test_same_seed_same_scores(table, scenes):
    again = compare({"image": recipes()["image"]}, scenes.data, scenes.target, cv=2, random_state=0)
    pd.testing.assert_frame_equal(again[COLUMNS[:-1]], table.loc[["image"], COLUMNS[:-1]])


def test_words_beat_the_prior(table):
    assert table.loc["prior", "mAP"] < table.loc["text", "mAP"]
    assert table.loc["prior", "sample-F1"] < table.loc["text", "sample-F1"]


@pytest.mark.parametrize("cv", [3, 0.3, KFold(4), ShuffleSplit(2)])
@pytest.mark.parametrize("random_state", [0, None])
def test_all_approaches_meet_the_same_folds(cv, random_state):
    X, y = column_case()
    approaches = {"a": Watched("a"), "b": Watched("b", flip=True)}
    compare(approaches, X, y, cv=cv, random_state=random_state)
    assert Watched.rows["a"] == Watched.rows["b"]
    if isinstance(cv, int):
        tested = Watched.rows["a"][1::3]
        assert sorted(row for rows in tested for row in rows) == list(range(60))


def test_numbers_are_means_over_the_folds():
    X, y = column_case()
    model = ThresholdCalibrator(FrozenEstimator(ColumnClassifier()), cv=2, random_state=0)
    table = compare({"columns": model}, X.to_numpy(), y, cv=KFold(3))
    scores = {name: [] for name in COLUMNS[:-1] if name != "mAP std"}
    for train, test in KFold(3).split(X):
        y_prob = X.to_numpy()[test]
        fitted = model.fit(X.to_numpy()[train], y[train])
        scores["mAP"].append(mean_average_precision(y[test], y_prob))
        metrics = {"CF1": cf1_score, "OF1": of1_score, "sample-F1": sample_f1_score}
        for name, metric in metrics.items():
            scores[name].append(metric(y[test], (y_prob >= 0.5).astype(int)))
            scores[f"{name} tuned"].append(metric(y[test], fitted.predict(y_prob)))
    for name, values in scores.items():
        assert table.loc["columns", name] == pytest.approx(np.mean(values))
    assert table.loc["columns", "mAP std"] == pytest.approx(np.std(scores["mAP"]))


def test_one_hold_out_has_no_spread():
    table = compare({"columns": Watched()}, *column_case(), cv=0.3, random_state=0)
    assert np.isnan(table.loc["columns", "mAP std"])
    assert table.drop(columns="mAP std").notna().all(axis=None)


def test_right_scores_beat_wrong_ones_and_the_given_estimators_stay_as_they_are():
    approaches = {"right": Watched("right"), "wrong": Watched("wrong", flip=True)}
    table = compare(approaches, *column_case(), cv=3, random_state=0)
    assert table.loc["wrong", "mAP"] < table.loc["right", "mAP"]
    assert not any(hasattr(model, "classes_") for model in approaches.values())


def test_progress_goes_to_the_error_stream_on_demand(capsys):
    for verbose in (0, 1):
        compare({"columns": Watched()}, *column_case(), cv=2, random_state=0, verbose=verbose)
        out, err = capsys.readouterr()
        assert out == ""
        assert ("Comparing" in err) == bool(verbose)


def test_bad_input():
    X, y = column_case()
    with pytest.raises(ValueError, match="approaches is empty; expected at least one"):
        compare({}, X, y)
    with pytest.raises(ValueError, match="not 0 or 1"):
        compare({"columns": Watched()}, X, y * 2)
    with pytest.raises(ValueError, match=r"cv=2\.0 given; a float is the part to hold out"):
        compare({"columns": Watched()}, X, y, cv=2.0)


def test_scores_are_added_by_name():
    y, X = random_case(0)
    X, y = pd.DataFrame(X), pd.DataFrame(y)
    names = ["neg_hamming_loss", "LRAP", "subset_accuracy"]
    cv = KFold(3)
    table = compare({"column": Watched()}, X, y, cv=cv, scoring=names)
    assert list(table.columns) == [*COLUMNS[:-1], *names, COLUMNS[-1]]
    for name, scorer in get_scorers(names).items():
        scores = [scorer(Watched().fit(X, y), X.iloc[t], y.iloc[t]) for _, t in cv.split(X)]
        assert table.loc["column", name] == pytest.approx(np.mean(scores))
    same = compare({"column": Watched()}, X, y, cv=cv, scoring=["mAP", "CF1", "sample_F1"])
    assert list(same.columns) == COLUMNS
    assert same.loc["column", "CF1"] == table.loc["column", "CF1"]
    with pytest.raises(ValueError, match="Unknown scorer 'LRPA'. Did you mean 'LRAP'"):
        compare({"column": Watched()}, X, y, scoring=["LRPA"])


def test_distances_are_cut_on_both_sides():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), random_case(0)[0]
    distances = np.abs(X[:, None] - X[None]).sum(axis=2)
    on_features = compare({"a": MLkNN(metric="manhattan")}, X, y, cv=KFold(4))
    on_distances = compare({"a": MLkNN(metric="precomputed")}, distances, y, cv=KFold(4))
    assert on_distances.loc["a", "mAP"] == pytest.approx(on_features.loc["a", "mAP"])


@pytest.mark.parametrize("form", ["coo", "dia", "csc"])
def test_any_sparse_form_is_cut_into_rows(form):
    y, X = random_case(0)
    table = compare({"a": LabelPrior()}, sparse.csr_array(X).asformat(form), y, cv=KFold(3))
    assert table.loc["a", "mAP"] > 0


def test_groups_stay_whole_and_other_packages_compare():
    y, X = random_case(0)
    groups = np.arange(60) // 5
    cv = MultilabelStratifiedGroupKFold(3, random_state=0)
    table = compare({"a": Watched()}, pd.DataFrame(X), pd.DataFrame(y), cv=cv, groups=groups)
    assert np.isfinite(table.loc["a", "mAP"])
    train, test = Watched.rows[""][:2]
    assert not set(groups[list(train)]) & set(groups[list(test)])
    theirs = compare({"a": MultiOutputClassifier(GaussianNB())}, X, y[:, :3], cv=3, random_state=0)
    ours = compare({"a": BinaryRelevance(GaussianNB())}, X, y[:, :3], cv=3, random_state=0)
    assert theirs.loc["a", "mAP"] == pytest.approx(ours.loc["a", "mAP"])


def test_names_stand_for_recipes(scenes, monkeypatch):
    small = {"pretrained": False, "image_size": 32, "max_epochs": 1}
    monkeypatch.setitem(RECIPES, "resnet18", lambda: resnet18(**small))
    X, y = scenes.data.iloc[:100], scenes.target.iloc[:100, :2]
    cut = {"cv": 0.5, "random_state": 3}
    table = compare(["label_prior", "resnet18"], X, y, **cut)
    assert list(table.index) == ["label_prior", "resnet18"]
    built = {"net": resnet18(**small, random_state=3), "row to beat": "label_prior"}
    same = compare(built, X, y, **cut)
    assert list(same.index) == ["net", "row to beat"]
    for ours, theirs in [("net", "resnet18"), ("row to beat", "label_prior")]:
        scores = COLUMNS[:-1]
        pd.testing.assert_series_equal(
            same.loc[ours, scores], table.loc[theirs, scores], check_names=False
        )


def test_recipes_by_name_are_as_talkative_as_the_comparison(scenes, monkeypatch, capsys):
    small = {"image_size": 32, "max_epochs": 1}
    monkeypatch.setitem(RECIPES, "simple_cnn", lambda: simple_cnn(**small))
    for verbose in (0, 1):
        compare(["simple_cnn"], scenes.data, scenes.target, cv=0.5, verbose=verbose)
        err = capsys.readouterr().err
        assert ("Comparing: simple_cnn" in err) == ("epoch 1/1" in err) == bool(verbose)


def test_what_is_no_approach():
    X, y = column_case()
    with pytest.raises(ValueError, match="Unknown recipe 'resnet81'. Did you mean 'resnet18'"):
        compare(["label_prior", "resnet81"], X, y)
    with pytest.raises(ValueError, match="Unknown recipe 'prior'"):
        compare({"prior": "prior"}, X, y)
    with pytest.raises(TypeError, match="expected a list of names: \\['label_prior'\\]"):
        compare("label_prior", X, y)
    with pytest.raises(TypeError, match="a Watched without a name; expected names of recipes"):
        compare([Watched()], X, y)
