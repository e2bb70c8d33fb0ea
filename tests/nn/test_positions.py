"""Positions of tokens: learned and of sines, on any grid."""

from math import cos, pi, sin

import pytest
import torch

from sklearn_mlic.nn.checks import check_grid
from sklearn_mlic.nn.positions import GridPosition, sine_position

each_grid = pytest.mark.parametrize("grid", [(1, 1), (1, 7), (7, 7), (12, 16), (40, 30)])


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


# ---- learned


@each_grid
@pytest.mark.parametrize("width", [8, 9])
def test_a_place_is_its_row_and_its_column(grid, width):
    height, columns = grid
    position = GridPosition(width)(grid).view(height, columns, width)
    half = width // 2
    assert (position[:, :1, :half] == position[..., :half]).all()
    assert (position[:1, :, half:] == position[..., half:]).all()


def test_the_grid_of_the_tables_size_takes_them_as_they_are():
    position = GridPosition(8, n_places=5)
    rows, columns = position((5, 5)).view(5, 5, 8).split(4, dim=2)
    torch.testing.assert_close(rows[:, 0], position.rows)
    torch.testing.assert_close(columns[0], position.columns)


def test_other_grids_read_between_places_of_the_image():
    """A table that holds the place itself, as a part of the image, gives it back on any grid."""
    position = GridPosition(2)
    with torch.no_grad():
        for table in (position.rows, position.columns):
            table[:, 0] = (torch.arange(14) + 0.5) / 14
    for size in (1, 2, 7, 14):
        rows, columns = position((size, size)).view(size, size, 2).unbind(dim=2)
        expected = (torch.arange(size) + 0.5) / size
        torch.testing.assert_close(rows[:, 0], expected)
        torch.testing.assert_close(columns[0], expected)
    larger = position((28, 1))[:, 0]
    torch.testing.assert_close(larger[1:-1], ((torch.arange(28) + 0.5) / 28)[1:-1])
    torch.testing.assert_close(larger[[0, -1]], position.rows[[0, -1], 0])  # nothing is beyond


@each_grid
def test_a_gradient_reaches_both_tables(grid):
    position = GridPosition(8)
    position(grid).square().sum().backward()
    assert position.rows.grad.abs().sum() > 0
    assert position.columns.grad.abs().sum() > 0


# ---- of sines


def test_sines_by_hand():
    position = sine_position((2, 4), 8, torch.zeros(1)).view(2, 4, 8)
    for row in range(2):
        for column in range(4):
            down, right = 2 * pi * (row + 1) / 2, 2 * pi * (column + 1) / 4
            expected = [sin(down), cos(down), sin(down / 100), cos(down / 100)]
            expected += [sin(right), cos(right), sin(right / 100), cos(right / 100)]
            torch.testing.assert_close(position[row, column], torch.tensor(expected))


@each_grid
def test_the_last_place_is_the_same_on_every_grid(grid):
    last = sine_position(grid, 16, torch.zeros(1))[-1]
    torch.testing.assert_close(last, sine_position((1, 1), 16, torch.zeros(1))[0])


def test_sines_need_a_multiple_of_4():
    with pytest.raises(ValueError, match="width=10; sine positions need a multiple of 4"):
        sine_position((2, 2), 10, torch.zeros(1))


# ---- the grid


def test_tokens_fill_the_grid():
    check_grid(torch.zeros(2, 12, 5), (3, 4))
    with pytest.raises(ValueError, match=r"grid=\(3, 4\) has 12 places, .* has 13 tokens; pass"):
        check_grid(torch.zeros(2, 13, 5), (3, 4))
