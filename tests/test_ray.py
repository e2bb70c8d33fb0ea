"""Two processes of ray: fits and trials go to both, and what all of them read goes once."""

from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from partitions import CountedPath, make_paths, path_classifier
from sklearn_mlic import BinaryRelevance, OptunaSearchCV

MISSING = {"reason": "pip install 'sklearn-mlic[ray]' brings ray", "exc_type": ImportError}
ray = pytest.importorskip("ray", **MISSING)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    from ray.util.joblib import register_ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # ray does not hand on sys.path
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    register_ray()
    with parallel_config("ray", n_jobs=2):
        yield
    ray.shutdown()


def test_two_workers_fit_what_one_process_does_on_what_was_sent_once(capsys):
    paths, y = make_paths(40, n_labels=20)  # more than a round of calls
    with parallel_config("sequential"):
        here = BinaryRelevance(path_classifier()).fit(paths, y)
    CountedPath.n_sent = 0
    there = BinaryRelevance(path_classifier(), verbose=1).fit(paths, y)
    assert CountedPath.n_sent == 1
    assert "100%" in capsys.readouterr().err
    assert len({fitted[-1].process_ for fitted in there.estimators_}) == 2
    np.testing.assert_allclose(there.predict_proba(paths), here.predict_proba(paths), atol=1e-8)


def test_a_search_shares_its_trials_between_workers():
    paths, y = make_paths(40, n_labels=2)
    space = {"estimator__worker__C": [0.1, 1.0, 10.0]}
    model = BinaryRelevance(path_classifier())
    CountedPath.n_sent = 0
    search = OptunaSearchCV(model, space, n_trials=4, cv=2, n_jobs=2, refit=False).fit(paths, y)
    assert CountedPath.n_sent == 1
    assert len(search.cv_results_["params"]) == 4
