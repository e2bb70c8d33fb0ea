"""Every public name has a numpydoc docstring that says what it takes, gives and is for."""

import importlib
import inspect
import pkgutil
from types import FunctionType

import pytest
from numpydoc.validate import validate

import sklearn_mlic
from sklearn_mlic.utils.estimator_checks import CONTRACT, check_image_forms_agree

# What is not asked for: extended summaries, See Also, examples on methods, and the wording rules
# of numpy's own documentation.
IGNORED = {"ES01", "SA01", "EX01", "GL01", "GL08", "RT02", "SS06"}


def public_names():
    """Yield each public function, class and method of a public module, as a dotted name."""
    for module in pkgutil.walk_packages(sklearn_mlic.__path__, "sklearn_mlic."):
        if "._" in module.name or module.name.startswith("sklearn_mlic.cli"):
            continue
        home = importlib.import_module(module.name)
        own = [n for n, v in vars(home).items() if getattr(v, "__module__", "") == home.__name__]
        for name in getattr(home, "__all__", own):
            item = getattr(home, name)
            if name.startswith("_") or not (inspect.isroutine(item) or inspect.isclass(item)):
                continue
            if item in (*CONTRACT, check_image_forms_agree):
                continue  # one promise a line; all take the same estimator
            yield f"{module.name}.{name}"
            kinds = (FunctionType, classmethod)
            methods = [m for m, f in vars(item).items() if isinstance(f, kinds)]
            yield from (f"{module.name}.{name}.{m}" for m in methods if m[0] != "_")


@pytest.mark.parametrize("name", sorted(set(public_names())))
def test_docstring(name):
    errors = [f"{code}: {text}" for code, text in validate(name)["errors"] if code not in IGNORED]
    assert not errors, f"{name}: {errors}"


@pytest.mark.parametrize("name", sklearn_mlic.__all__)
def test_every_public_name_shows_an_example(name):
    doc = inspect.getdoc(getattr(sklearn_mlic, name))
    assert "Examples\n--------\n>>>" in doc or name == "load"
