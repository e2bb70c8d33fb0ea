"""Settings for the whole run."""

import signal

import pytest
import torch

# The networks here are tiny: threads gain nothing, and cost much where cores are shared.
torch.set_num_threads(1)


@pytest.fixture
def ctrl_c_is_heard():
    """Ctrl-C as always, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
