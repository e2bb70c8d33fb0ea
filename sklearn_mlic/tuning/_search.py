"""The search: scikit-learn's rules outside, Optuna's engine inside."""

import time
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from optuna import Study
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import get_tags, indexable
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_method_params, _num_samples, check_is_fitted

from sklearn_mlic.fitted import find_label_names
from sklearn_mlic.images import digest_data
from sklearn_mlic.tuning._identity import Identity, describe_settings
from sklearn_mlic.tuning._progress import quiet
from sklearn_mlic.tuning._results import read_outcomes, tabulate
from sklearn_mlic.tuning._scoring import find_scoring
from sklearn_mlic.tuning._space import Space
from sklearn_mlic.tuning._splits import check_search_cv
from sklearn_mlic.tuning._state import StateMixin
from sklearn_mlic.tuning._study import equipped, in_memory, open_study
from sklearn_mlic.tuning._trial import Evaluation
from sklearn_mlic.tuning._workers import Limits, run_trials, shareable_storage
from sklearn_mlic.utils._labels import as_label_matrix
from sklearn_mlic.utils._random import draw_seed


class OptunaSearchCV(StateMixin, BaseSearchCV):
    """Search for parameters with Optuna, in scikit-learn's cross-validation.

    Choose it in place of ``GridSearchCV`` where there are more than two or three parameters, a
    fit takes long, or the search has to be interrupted, continued or shared between processes
    and machines. What comes out is what scikit-learn's searches give: ``cv_results_``,
    ``best_params_``, an estimator that predicts.

    Frozen networks are what trials and folds share: with ``cache=`` a folder, an
    :class:`~sklearn_mlic.features.ImageEmbedder` or
    :class:`~sklearn_mlic.features.TextEmbedder` in the estimator computes a row once for the whole
    search, in all processes and in the searches to come.

    Parameters
    ----------
    estimator : estimator
        Cloned for each fold; nested parameters are searched by their prefixed names.
    param_distributions : dict or callable
        Of each parameter a distribution of Optuna, such as ``FloatDistribution(1e-3, 1,
        log=True)``, or a list of choices, which may be any objects; see `search_space`. Or a
        function ``suggest(trial)`` that returns a dict of parameters, where some depend on
        others; it must return the same for the same values of the trial.
    n_trials : int, optional, default=10
        Trials of the study altogether, those of earlier runs and other workers included: a
        search that is run again goes on to this number. None sets no limit.
    timeout : float, optional
        Seconds after which no trial begins.
    scoring : str, callable, list, tuple or dict, optional
        As ``GridSearchCV`` takes it, and the names of ``sklearn_mlic.metrics.SCORERS``, such as
        ``"mAP"``. None takes ``estimator.score``.
    refit : bool, str or callable, default=True
        Whether, and of several scores by which, the best candidate is fitted on all rows. A
        function takes ``cv_results_`` and returns the row of its choice. With several scores a
        name makes a study of that score; a function or False one of all of them, in which
        ``cv_results_["on_pareto_front"]`` says which rows no other beats.
    cv : int, float, splitter or iterable, optional
        Of a multi-label y an int is a number of stratified folds, None means 5, and a float is
        the part of one stratified hold-out; otherwise as scikit-learn takes it.
    n_jobs : int, optional
        Processes that run trials, by joblib, also those of dask or ray. They share the study
        through `storage`, which workers on other machines have to reach, or a journal in the
        temporary folder.
    study : str or optuna.Study, optional
        The study's name in the storage, in which ``{data}`` stands for a hash of the data and
        folds: with it each training part of an outer cross-validation has a study of its own. Or
        a study that maximises; one in memory gets the trials itself. None is
        ``"sklearn_mlic"``. A study of other data, folds or settings is refused, and so is a
        lambda among the settings, which cannot be told from another; of files the paths count.
        Without `storage` and `study` nothing is compared.
    storage : str, path or optuna storage, optional
        Where trials are kept, to go on later and for other processes: a URL such as
        ``"sqlite:///search.db"``, or the path of a journal file, also for machines with one
        network drive. The trials of a worker that has died without a word count as lost at
        once on its own machine, on others and after a restart in three minutes. A process that
        finds no trial left does not wait for those that others still run. None keeps them in
        memory.
    sampler : optuna sampler, optional
        None is the TPE sampler, seeded by `random_state` for each trial. A file of
        ``sklearn_mlic.save`` holds no other: ``set_params(sampler=None)`` before.
    pruner : optuna pruner, optional
        Ends trials that look bad: it sees the mean score after each fold and, inside a fold,
        after each epoch of our networks, where the rows left out are scored. It counts steps in
        hundredths of a fold. None prunes nothing; ``PercentilePruner(25.0, n_startup_trials=3)``
        is a good start where networks are trained, with ``n_warmup_steps=50``, half of the first
        fold, where they are slow to begin: few batches an epoch, features that are not scaled.
    random_state : int, RandomState or None, default=None
        Seeds the sampler: with one process the same seed gives the same trials. One that was
        interrupted is lost, and the next takes its place.
    error_score : "raise" or float, default=np.nan
        The score of a fit that fails; ``"raise"`` raises its error. A search whose first three
        trials fail in every fold ends there.
    return_train_score : bool, default=False
        Whether the rows trained on are scored too.
    verbose : int, default=0
        1 shows a bar with the best score so far, 2 Optuna's lines too.
    callbacks : list of callable, optional
        ``callback(study, trial)`` after each trial; ``study.stop()`` ends this process's part.

    Attributes
    ----------
    cv_results_ : dict of str to array
        As that of ``GridSearchCV``, a row a trial, and ``trial``, its number; ``state``,
        ``"complete"``, ``"pruned"`` or ``"failed"``; ``n_epochs``, which its networks have spent
        in this process; with several objectives ``on_pareto_front``. Scores of folds that were
        pruned are NaN and so is their mean, which ranks last; the mean time is that over all
        folds, of those that did not run 0.
    best_estimator_ : estimator
        The best candidate, fitted on all rows. Only with `refit`.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean score. Not where `refit` is a function.
    best_index_ : int
        Its row in ``cv_results_``.
    study_ : optuna.Study
        With all its trials, for ``optuna.visualization``. Of a storage it is a copy in memory.
    scorer_ : callable or dict
        What scores.
    multimetric_ : bool
        Whether there are several scores.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds of the fit on all rows.
    label_names_ : ndarray of object
        Those of the best estimator. Only with `refit`.

    Notes
    -----
    Ctrl-C ends the search with a warning: the best candidate so far is fitted, and a second
    Ctrl-C ends that too.

    References
    ----------
    Akiba, Sano, Yanase, Ohta and Koyama (2019), Optuna: A Next-generation Hyperparameter
    Optimization Framework.

    Examples
    --------
    >>> from optuna.distributions import FloatDistribution
    >>> from sklearn.datasets import make_multilabel_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mlic import BinaryRelevance, OptunaSearchCV
    >>> X, y = make_multilabel_classification(n_classes=3, random_state=0)
    >>> search = OptunaSearchCV(
    ...     BinaryRelevance(LogisticRegression()),
    ...     {"estimator__C": FloatDistribution(0.01, 10, log=True)},
    ...     n_trials=4,
    ...     scoring="mAP",
    ...     cv=3,
    ...     random_state=0,
    ... )
    >>> search.fit(X, y).predict_proba(X).shape
    (100, 3)
    >>> len(search.cv_results_["mean_test_score"])
    4
    """

    _parameter_constraints: ClassVar[dict] = {
        **BaseSearchCV._parameter_constraints,
        "scoring": [str, callable, list, tuple, dict, None],
        "cv": ["cv_object", Interval(Real, 0, 1, closed="neither")],
        "param_distributions": "no_validation",
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "study": [str, Study, None],
        "storage": "no_validation",
        "sampler": "no_validation",
        "pruner": "no_validation",
        "random_state": ["random_state"],
        "callbacks": [list, tuple, None],
    }
    del _parameter_constraints["pre_dispatch"]

    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_trials=10,
        timeout=None,
        scoring=None,
        refit=True,
        cv=None,
        n_jobs=None,
        study=None,
        storage=None,
        sampler=None,
        pruner=None,
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
        verbose=0,
        callbacks=None,
    ):
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_trials = n_trials
        self.timeout = timeout
        self.scoring = scoring
        self.refit = refit
        self.cv = cv
        self.n_jobs = n_jobs
        self.study = study
        self.storage = storage
        self.sampler = sampler
        self.pruner = pruner
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.verbose = verbose
        self.callbacks = callbacks

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> "OptunaSearchCV":
        """Search, and fit the best candidate on all rows.

        Parameters
        ----------
        X : array-like of n_samples rows
            Anything that `estimator` takes.
        y : array-like, DataFrame or sparse matrix of shape (n_samples, n_labels), optional
            As `estimator` takes it.
        **params : dict
            Goes to ``estimator.fit``, row by row for each fold where it has a value a row;
            ``groups`` to the splitter; ``sample_weight`` to the scorer too. With scikit-learn's
            metadata routing switched on, each gets what it asks for.

        Returns
        -------
        self : OptunaSearchCV
            The fitted search.

        Raises
        ------
        ValueError
            If the study is of other data, every fit fails, or a setting is wrong.
        RuntimeError
            If no trial has come to its end.
        """
        deadline = None if self.timeout is None else time.time() + self.timeout
        is_multilabel = not get_tags(self).target_tags.single_output
        self._check_y(X, y, is_multilabel)
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        splitter = check_search_cv(self.cv, y, is_classifier(self.estimator), is_multilabel)
        splits = list(splitter.split(X, y, **routed.splitter.split))
        evaluation = self._make_evaluation(X, y, splits, routed)
        if self.pruner is not None and len(evaluation.objectives) > 1:
            raise ValueError(
                f"A pruner goes by one score, and the study maximises {evaluation.objectives}. Set "
                f"refit to one of these names, or pruner=None."
            )
        limits = Limits(deadline, tuple(self.callbacks or ()), self.verbose)
        shareable = shareable_storage(self.storage, self.study, self.n_jobs)
        with quiet(self.verbose), shareable as storage:
            study = open_study(
                self.study,
                storage,
                self._identify(evaluation, params),
                n_objectives=len(evaluation.objectives),
                seed=draw_seed(self.random_state),
            )
            with equipped(study, self.sampler, self.pruner):
                interruption = run_trials(evaluation, study, limits, self.n_jobs)
            self.study_ = in_memory(study)
        self._set_results(evaluation, interruption)
        if self.refit:
            self._fit_best(X, y, routed.estimator.fit)
        return self

    def _check_y(self, X: Any, y: Any, is_multilabel: bool) -> None:
        """Refuse once what each fold would refuse."""
        if y is None and get_tags(self).target_tags.required:
            raise ValueError(
                f"{type(self.estimator).__name__} requires y to be passed, but the target y is "
                f"None."
            )
        if is_multilabel:
            as_label_matrix(y, n_samples=_num_samples(X), allow_unknown=True, keep_sparse=True)

    def _make_evaluation(self, X: Any, y: Any, splits: list, routed: Any) -> Evaluation:
        scorer, refit_metric = self._get_scorers()
        objectives = ("score",)
        if isinstance(refit_metric, str):
            objectives = (refit_metric,)
        elif isinstance(scorer, _MultimetricScorer):
            objectives = tuple(scorer._scorers)
        if callable(self.scoring) and isinstance(self.refit, str):
            objectives = (self.refit,)
        return Evaluation(
            estimator=clone(self.estimator),
            X=X,
            y=y,
            splits=splits,
            scorer=scorer,
            objectives=objectives,
            space=Space(self.param_distributions),
            n_trials=self.n_trials,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
        )

    def _identify(self, evaluation: Evaluation, params: dict[str, Any]) -> Identity | None:
        """What a study that this search can go on with is about: None if it is of this fit."""
        if self.study is None and self.storage is None:
            return None
        folds = [rows for split in evaluation.splits for rows in split]
        data = digest_data(evaluation.X, evaluation.y, dict(sorted(params.items())), *folds)
        objectives, tuned = evaluation.objectives, evaluation.space.names
        settings = describe_settings(self.estimator, self.scoring, objectives, tuned)
        return Identity(data, settings)

    def _set_results(self, evaluation: Evaluation, interruption: BaseException | None) -> None:
        """Set what the trials have shown: the table and the best of it."""
        n_splits = len(evaluation.splits)
        outcomes = read_outcomes(self.study_, evaluation)
        if not outcomes.trials:
            raise interruption or RuntimeError(
                "No trial has come to its end. Give the search more time, or see its study."
            )
        if interruption is not None:
            warnings.warn(
                f"The search was interrupted; the best of {len(outcomes.trials)} trials is kept.",
                UserWarning,
                stacklevel=4,
            )
        self.n_splits_ = n_splits
        scorer = evaluation.scorer
        self.scorer_ = scorer._scorers if isinstance(scorer, _MultimetricScorer) else scorer
        results = tabulate(outcomes, self.study_, n_splits, self._format_results)
        first = outcomes.folds[0]["test_scores"]
        self.multimetric_ = isinstance(first, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(first)
        self.cv_results_ = results
        if not (self.refit or not self.multimetric_):
            return
        metric = self.refit if self.multimetric_ else "score"
        self.best_index_ = self._select_best_index(self.refit, metric, results)
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _fit_best(self, X: Any, y: Any, fit_params: dict[str, Any]) -> None:
        # The values too are cloned: they may be estimators.
        best = clone(self.best_params_, safe=False)
        self.best_estimator_ = clone(self.estimator).set_params(**best)
        start = time.perf_counter()
        if y is None:
            self.best_estimator_.fit(X, **fit_params)
        else:
            self.best_estimator_.fit(X, y, **fit_params)
        self.refit_time_ = time.perf_counter() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_

    def _get_scorers(self) -> tuple[Callable, Any]:
        """Return scorers, those of ours by name too, and the metric that counts."""
        resolved = object.__new__(type(self))
        vars(resolved).update(vars(self), scoring=find_scoring(self.scoring))
        return BaseSearchCV._get_scorers(resolved)

    def _run_search(self, evaluate_candidates: Callable) -> None:
        """Not called: trials are drawn one by one and end in the middle of their folds."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        own = get_tags(self.estimator)
        # scikit-learn's searches forget these; without them y would have to be a vector.
        tags.target_tags, tags.input_tags = own.target_tags, own.input_tags
        return tags

    @property
    def label_names_(self) -> np.ndarray:
        """Those of the best estimator; shape (n_labels,)."""
        check_is_fitted(self)
        if not self.refit:
            raise AttributeError(
                "This search has no label_names_: with refit=False no estimator is fitted on all "
                "rows. Set refit=True, or the name of a score."
            )
        return np.asarray(find_label_names(self.best_estimator_), dtype=object)
