"""A meta-estimator that calibrates the probabilities of any multi-label classifier."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _estimator_has, check_is_fitted

from sklearn_mlic.base import MultilabelMixin
from sklearn_mlic.fitted import label_probabilities
from sklearn_mlic.thresholds._cuts import known_columns
from sklearn_mlic.thresholds._out_of_fold import OutOfFoldMixin
from sklearn_mlic.thresholds._probability_maps import MAPS
from sklearn_mlic.thresholds._tune import check_scores
from sklearn_mlic.utils._choices import check_choice


class ProbabilityCalibrator(MultilabelMixin, OutOfFoldMixin, BaseEstimator):
    """Make the probabilities of each label agree with how often the label is there.

    Choose it where the probabilities themselves are used, or one threshold serves labels of
    different models. scikit-learn's ``CalibratedClassifierCV`` for several labels: one set of
    out-of-fold probabilities serves all labels, in ``cv + 1`` fits. Each label's map rises, so
    that its ranking of the rows stays (isotonic makes ties). It validates y and never X. Under
    a `ThresholdCalibrator` it goes as the `estimator`.

    Parameters
    ----------
    estimator : estimator
        Any multi-label classifier with ``predict_proba``. A model that is already fitted goes
        in as ``sklearn.frozen.FrozenEstimator(model)``: nothing is fitted again, and the rows
        given to ``fit`` should be new to it.
    method : {"sigmoid", "isotonic", "temperature"}, default="sigmoid"
        The map of each label. ``"sigmoid"`` is a line on the logit with Platt's smoothed
        targets, for few positives; ``"isotonic"`` any rising step function, for about a thousand
        rows with some hundred positives or more; ``"temperature"`` one factor on the logit, for
        a network that is too sure or not sure enough of everything.
    cv : int, float, splitter or iterable, default=5
        An int is a number of multi-label stratified folds; a float in (0, 1) one stratified
        hold-out of that fraction, whose model is kept and never fitted again; else a
        scikit-learn splitter or an iterable of index pairs.
    n_jobs : int, optional
        Number of folds fitted at the same time.
    random_state : int, RandomState or None, default=None
        Shuffles the folds; None takes the same ones in every fit.

    Attributes
    ----------
    estimator_ : estimator
        The fitted estimator whose probabilities are calibrated.
    calibrators_ : list of estimators or None
        The map of each label, with ``predict(p)``. None for a label without a known positive
        or without a known negative, which keeps its probabilities.
    classes_ : ndarray of shape (n_labels, 2)
        ``[0, 1]`` for each label.
    label_names_ : ndarray of object, shape (n_labels,)
        The columns of a DataFrame y, else ``label_0``, ``label_1``, …
    n_features_in_ : int
        Number of features seen in fit, where the wrapped estimator counts them.
    feature_names_in_ : ndarray of str
        Names of the features seen in fit, where the wrapped estimator keeps them.

    References
    ----------
    Platt, J. (1999). Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods. Advances in Large Margin Classifiers.

    Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass
    probability estimates. KDD.

    Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. (2017). On calibration of modern neural
    networks. ICML.

    Examples
    --------
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_mlic import BinaryRelevance, ProbabilityCalibrator
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> model = ProbabilityCalibrator(BinaryRelevance(GaussianNB()), random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (100, 3)
    """

    def __init__(self, estimator, *, method="sigmoid", cv=5, n_jobs=None, random_state=None):
        self.estimator = estimator
        self.method = method
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **params: Any) -> "ProbabilityCalibrator":
        """Collect out-of-fold probabilities, fit each label's map, fit on all rows.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels)
            0/1 indicator matrix. NaN is an unknown label, if `estimator` takes it: a label is
            calibrated on its known rows.
        **params : dict
            Goes to ``estimator.fit``, as ``sample_weight`` does, row by row for each fold; and
            ``groups`` to the splitter. With scikit-learn's metadata routing switched on, each
            gets what it asks for. The maps are fitted on all rows alike, whatever their weight.

        Returns
        -------
        self : ProbabilityCalibrator
            The fitted estimator.

        Raises
        ------
        ValueError
            If `y` is not a 0/1 indicator matrix with a row for each row of `X`, or the method
            is unknown.
        """
        check_choice("calibration method", self.method, MAPS)
        labels = self._check_labels(y, X, allow_unknown=True)
        left_out = self._fit_left_out(X, y, labels, params)
        y_true, y_prob = labels[left_out.rows], left_out.y_prob
        check_scores(y_true, y_prob)
        self.calibrators_ = [
            MAPS[self.method]().fit(p, is_true) if 0 < is_true.sum() < len(is_true) else None
            for is_true, p in known_columns(y_true, y_prob)
        ]
        return self

    @available_if(_estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the calibrated probability of each label.

        Parameters
        ----------
        X : array-like of n_samples rows
            In the form that ``fit`` took.

        Returns
        -------
        y_prob : ndarray of shape (n_samples, n_labels)
            Each column on its own: rows do not sum to 1.
        """
        check_is_fitted(self, "calibrators_")
        y_prob = label_probabilities(self.estimator_, X).astype(np.float64)
        for column, calibrator in zip(y_prob.T, self.calibrators_, strict=True):
            if calibrator is not None:
                column[:] = calibrator.predict(column)
        return y_prob
