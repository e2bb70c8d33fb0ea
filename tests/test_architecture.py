"""The house keeps its order: who imports whom, what stays unloaded, how long files are."""

import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_mlic

PACKAGE = Path(sklearn_mlic.__file__).parent
ROOT = PACKAGE.parent


def run(code):
    """Run code in a fresh interpreter and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_contracts_hold():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_loads_nothing_heavy():
    heavy = "{'torch', 'sklearn', 'numpy', 'pandas', 'skorch', 'timm', 'PIL'}"
    assert run(f"import sys, sklearn_mlic; print({heavy} & set(sys.modules))") == "set()"


def test_thresholds_over_binary_relevance_fit_without_torch():
    code = """
import sys
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn_mlic import BinaryRelevance, ThresholdCalibrator
from sklearn_mlic.metrics import multilabel_report
X, y = make_multilabel_classification(n_classes=3, random_state=0)
model = ThresholdCalibrator(BinaryRelevance(LogisticRegression())).fit(X, y)
multilabel_report(y, model.predict_proba(X), model.thresholds_)
print({"torch", "torchvision", "timm", "skorch"} & set(sys.modules))
"""
    assert run(code) == "set()"


def test_recipes_without_a_network_load_no_torch():
    code = """
import sys
from sklearn_mlic.recipes import label_prior, text_probe
label_prior(), text_probe()
print({"torch", "timm", "skorch"} & set(sys.modules))
"""
    assert run(code) == "set()"


@pytest.mark.parametrize("name", sklearn_mlic.__all__)
def test_every_public_name_is_there(name):
    assert getattr(sklearn_mlic, name).__name__ == name
    assert name in dir(sklearn_mlic)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sklearn_mlic.nothing  # noqa: B018 - the access is what is tested


def test_only_the_net_and_the_callbacks_of_deep_say_skorch():
    says = {p.name for p in (PACKAGE / "deep").glob("*.py") if "from skorch" in p.read_text()}
    assert says == {"_net.py", "_callbacks.py"}


def test_no_file_is_above_400_lines():
    folders = (PACKAGE, ROOT / "tests", ROOT / "benchmarks")
    lengths = {p: len(p.read_text().splitlines()) for f in folders for p in f.rglob("*.py")}
    assert {path.name: n for path, n in lengths.items() if n > 400} == {}
