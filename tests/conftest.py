"""Settings for the whole run."""

import torch

# The networks here are tiny: threads gain nothing, and cost much where cores are shared.
torch.set_num_threads(1)
