"""A name, a class or an instance."""

import pytest

from sklearn_mlic.utils._choices import check_choice, make_choice


class Head:
    """Something to choose."""

    def __init__(self, n_labels, width=8):
        self.n_labels, self.width = n_labels, width


class Wide(Head):
    """Something else."""


TABLE = {"linear": Head, "wide": Wide}


@pytest.mark.parametrize("name", TABLE)
def test_known_names_pass(name):
    check_choice("head", name, TABLE)
    check_choice("head", name, (key for key in TABLE))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "linaer",
            "^Unknown head 'linaer'. Did you mean 'linear'. Choose one of: 'linear', 'wide'",
        ),
        ("Wide", "Did you mean 'wide'"),
        ("zzz", "^Unknown head 'zzz'. Choose one of: 'linear', 'wide'.$"),
        ("", "^Unknown head ''. Choose"),
        (None, "^Unknown head None. Choose"),
        (3, "^Unknown head 3. Choose"),
        (["linear"], r"^Unknown head \['linear'\]"),
    ],
)
def test_unknown_names_show_the_nearest(name, message):
    with pytest.raises(ValueError, match=message):
        check_choice("head", name, TABLE)


@pytest.mark.parametrize(("choice", "cls"), [("linear", Head), ("wide", Wide), (Wide, Wide)])
def test_names_and_classes_are_built(choice, cls):
    head = make_choice("head", choice, TABLE, n_labels=3)
    assert type(head) is cls
    assert (head.n_labels, head.width) == (3, 8)
    params = {"width": 16}
    assert make_choice("head", choice, TABLE, params, n_labels=3).width == 16
    assert params == {"width": 16}


@pytest.mark.parametrize("params", [None, {}])
def test_an_instance_is_returned_as_it_is(params):
    head = Head(n_labels=5)
    assert make_choice("head", head, TABLE, params, n_labels=3) is head
    assert head.n_labels == 5


def test_params_beside_an_instance():
    with pytest.raises(ValueError, match=r"head_params was given beside.*instance \(Head\)"):
        make_choice("head", Head(3), TABLE, {"width": 16})


def test_unknown_name_is_an_error():
    with pytest.raises(ValueError, match=r"Unknown head 'wid'\. Did you mean 'wide'"):
        make_choice("head", "wid", TABLE, n_labels=3)


@pytest.mark.parametrize("choice", ["wide", Wide])
@pytest.mark.parametrize(
    ("params", "reason"),
    [({"witdh": 16}, "witdh"), ({"n_labels": 4}, "multiple values")],
)
def test_bad_params_are_shown(choice, params, reason):
    with pytest.raises(TypeError, match=rf"head Wide from head_params={{.*}}: .*{reason}"):
        make_choice("head", choice, TABLE, params, n_labels=3)
