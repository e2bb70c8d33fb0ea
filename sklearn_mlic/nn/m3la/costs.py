"""What reading a block costs, as something that its score can be told."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: The least cost, as a part of the highest: a block for nothing would be infinitely cheap.
LEAST = 1e-3


def cheapness(costs: Sequence[float], n_blocks: int) -> Tensor:
    """Return what the costs add to the scores of the blocks: -log(cost), up to a constant.

    A softmax of the sum is the softmax of the scores divided by the costs, renormalised: the share
    per unit of cost. The constant, which no softmax sees, makes it 0 for the dearest block, so that
    equal costs add exactly nothing.

    Parameters
    ----------
    costs : sequence of float
        Of each block, 0 or more. Those below a thousandth of the highest count as that.
    n_blocks : int
        Number of blocks M.

    Returns
    -------
    Tensor of shape (M,)
        The cheaper the more, from 0 to log(1000).

    Raises
    ------
    ValueError
        If there is not one cost a block, or one is below 0 or not finite.

    Examples
    --------
    >>> cheapness([1.0, 10.0, 5.0], 3)
    tensor([2.3026, 0.0000, 0.6931])
    """
    values = [float(cost) for cost in costs]
    if len(values) != n_blocks:
        raise ValueError(f"costs={values} for {n_blocks} block(s); expected one cost for each.")
    if not all(0 <= value < math.inf for value in values):
        raise ValueError(f"costs={values}; expected a number, 0 or more, for each block.")
    highest = max(values) or 1.0  # where all are 0 they are equal
    return torch.tensor([math.log(1 / max(value / highest, LEAST)) for value in values])
