"""Buckets of image relative position encoding: golden tables, symmetries, products."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import torch

from sklearn_mlic.nn.irpe import (
    METHODS,
    _kept_members,
    bucket_indices,
    bucket_members,
    count_buckets,
    per_token_product,
    piecewise_index,
)

LIKE = torch.zeros(1)
RATIOS = (1.9, 2.0, 2.5, 3.0)
GRIDS = ((1, 1), (1, 5), (7, 7), (3, 8), (14, 14))
NEAR_AND_FAR = torch.tensor([[0, 0], [0, 1], [1, 1], [0, 2], [1, 2], [2, 2], [0, 3], [1, 3]])

each_method = pytest.mark.parametrize("method", METHODS)
each_ratio = pytest.mark.parametrize("ratio", RATIOS)
each_grid = pytest.mark.parametrize("grid", GRIDS)


# ---- the index of a distance


@pytest.mark.parametrize(
    ("ratio", "golden"),
    [
        (1.9, [0, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]),
        (2.0, [0, 1, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4]),
        (2.5, [0, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]),
        (3.0, [0, 1, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 6]),
    ],
)
def test_the_published_indices(ratio, golden):
    distance = torch.arange(len(golden))
    assert piecewise_index(distance, ratio).tolist() == golden
    assert piecewise_index(-distance, ratio).tolist() == [-index for index in golden]


@each_ratio
def test_an_index_grows_with_the_distance_up_to_its_limit(ratio):
    index = piecewise_index(torch.arange(1000), ratio)
    assert (index.diff() >= 0).all()
    assert index[-1] == int(2 * ratio)


@pytest.mark.parametrize(
    ("ratio", "product", "cross", "undirected"),
    [(1.9, 49, 14, 4), (2.0, 81, 18, 5), (2.5, 121, 22, 6), (3.0, 169, 26, 7)],
)
def test_the_number_of_buckets(ratio, product, cross, undirected):
    counts = [count_buckets(method, ratio) for method in METHODS]
    assert counts == [product, cross, undirected, undirected]


# ---- the bucket of a pair


@each_method
@each_ratio
def test_a_large_grid_reaches_every_bucket_and_no_other(method, ratio):
    reached = bucket_indices(20, 20, method, ratio).unique()
    assert reached.tolist() == list(range(count_buckets(method, ratio)))


@each_grid
@each_ratio
def test_going_there_and_back_mirrors_the_product_bucket(grid, ratio):
    [there] = bucket_indices(*grid, "product", ratio)
    assert (there + there.T == count_buckets("product", ratio) - 1).all()
    assert (there.diagonal() == (count_buckets("product", ratio) - 1) // 2).all()


@each_grid
@pytest.mark.parametrize("method", ["euclidean", "quant"])
def test_distances_have_no_direction(grid, method):
    [there] = bucket_indices(*grid, method, 1.9)
    assert torch.equal(there, there.T)
    assert (there.diagonal() == 0).all()


@each_method
def test_a_bucket_depends_on_the_offset_only(method):
    """The same for all pairs of an offset, on grids of any shape."""
    seen = {}
    for height, width in GRIDS:
        buckets = bucket_indices(height, width, method, 1.9).permute(1, 2, 0).tolist()
        for i, row in enumerate(buckets):
            for j, bucket in enumerate(row):
                offset = (i // width - j // width, i % width - j % width)
                assert seen.setdefault(offset, bucket) == bucket


@each_ratio
def test_product_and_cross_by_hand(ratio):
    height, width, reach = 3, 8, int(2 * ratio)
    side = 2 * reach + 1
    [product] = bucket_indices(height, width, "product", ratio)
    rows, columns = bucket_indices(height, width, "cross", ratio)
    for i, j in ((0, 0), (0, 23), (23, 0), (5, 18), (9, 8), (2, 6)):
        down = int(piecewise_index(torch.tensor(i // width - j // width), ratio)) + reach
        right = int(piecewise_index(torch.tensor(i % width - j % width), ratio)) + reach
        assert product[i, j] == down * side + right
        assert (rows[i, j], columns[i, j]) == (down, side + right)


def test_euclidean_buckets_are_of_the_rounded_distance():
    [buckets] = bucket_indices(14, 14, "euclidean", 3.0)
    for (down, right), distance in zip(NEAR_AND_FAR, (0, 1, 1, 2, 2, 3, 3, 3), strict=True):
        assert buckets[14 * down + right, 0] == piecewise_index(torch.tensor(distance), 3.0)


@pytest.mark.parametrize("grid", [(14, 14), (4, 4)])
def test_quantised_buckets_are_of_the_rank_of_the_distance(grid):
    [buckets] = bucket_indices(*grid, "quant", 3.0)
    for rank, (down, right) in enumerate(NEAR_AND_FAR):
        assert buckets[grid[1] * down + right, 0] == piecewise_index(torch.tensor(rank), 3.0)


def test_ranks_are_not_squared_distances():
    """On 14 x 14 tokens only the bucket 2 tells them apart, by the pairs two tokens apart."""
    place = torch.cartesian_prod(torch.arange(14), torch.arange(14))
    squared = (place[:, None] - place).square().sum(dim=2)
    [ranked] = bucket_indices(14, 14, "quant", 1.9)
    other = piecewise_index(squared, 1.9)
    assert (ranked == 2).sum() == 1348
    assert (other == 2).sum() == 676
    assert set(ranked[ranked != other].tolist()) == {2}


# ---- what is kept


def test_threads_get_the_same_indices():
    sizes = [(height, width) for height in range(1, 7) for width in range(1, 7)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda size: bucket_members(*size, "quant", 2.0, LIKE), sizes * 4))
    for start in range(0, len(found), len(sizes)):
        for size, one in zip(sizes, found[start:], strict=False):
            fresh = _kept_members.__wrapped__(*size, "quant", 2.0, LIKE.device, LIKE.dtype)
            assert torch.equal(one, fresh)


def test_what_is_kept_is_bounded():
    assert _kept_members.cache_info().maxsize is not None


def test_what_prediction_keeps_serves_training():
    _kept_members.cache_clear()
    with torch.inference_mode():
        bucket_members(2, 2, "product", 1.9, LIKE)
    a = torch.ones(1, 4, count_buckets("product", 1.9), requires_grad=True)
    per_token_product(a, bucket_members(2, 2, "product", 1.9, LIKE)).sum().backward()
    assert a.grad.any()


# ---- products


@each_method
def test_members_mark_the_buckets(method):
    indices = bucket_indices(2, 3, method, 1.9)
    n_buckets = count_buckets(method, 1.9)
    members = bucket_members(2, 3, method, 1.9, LIKE.double())
    assert members.dtype == torch.float64
    assert members.shape == (6, n_buckets, 6)
    assert (members.sum(dim=1) == len(indices)).all()
    for i in range(6):
        for j in range(6):
            assert (members[i, indices[:, i, j], j] == 1).all()


def test_a_product_for_each_token():
    a, b = torch.randn(2, 3, 5, 4), torch.randn(5, 4, 6)
    expected = torch.stack([a[:, :, i] @ b[i] for i in range(5)], dim=2)
    torch.testing.assert_close(per_token_product(a, b), expected)


def test_larger_ratios_have_more_buckets():
    for method in METHODS:
        counts = [count_buckets(method, ratio) for ratio in RATIOS]
        assert all(fewer < more for fewer, more in pairwise(counts))
