"""Where a token lies, as a vector: learned, or of sines; both for any grid."""

from math import pi

import torch
from torch import Tensor, nn


class GridPosition(nn.Module):
    """Learned row and column embeddings, stretched to the grid at hand.

    Half of the width tells the row and half the column. The embeddings belong to places between
    the top and the bottom (left and right) of an image, so that a grid of another size, also one
    that is larger than any seen in training, reads between them.

    Parameters
    ----------
    width : int
        Width d of the tokens.
    n_places : int, default=14
        Embeddings a side; a grid of as many rows takes them as they are.

    Examples
    --------
    >>> from sklearn_mlic.nn.positions import GridPosition
    >>> GridPosition(32)((3, 4)).shape
    torch.Size([12, 32])
    """

    def __init__(self, width: int, n_places: int = 14):
        super().__init__()
        self.rows = nn.Parameter(0.02 * torch.randn(n_places, width // 2))
        self.columns = nn.Parameter(0.02 * torch.randn(n_places, width - width // 2))

    def no_weight_decay(self) -> set[str]:
        """Name the parameters that weight decay leaves alone, as timm's networks do.

        Returns
        -------
        set of str
            Both tables.
        """
        return {"rows", "columns"}

    def forward(self, grid: tuple[int, int]) -> Tensor:
        """Return one vector a token.

        Parameters
        ----------
        grid : (int, int)
            Height and width of the grid.

        Returns
        -------
        Tensor of shape (N, d)
            Row by row.
        """
        rows, columns = _stretch(self.rows, grid[0]), _stretch(self.columns, grid[1])
        return _combine(rows, columns)


def sine_position(grid: tuple[int, int], width: int, like: Tensor) -> Tensor:
    """Return sines and cosines of a token's row and column, as Query2Label and DETR have them.

    Rows and columns run from above 0 to 2 pi whatever their number; the wavelengths grow to 10,000
    times the shortest.

    Parameters
    ----------
    grid : (int, int)
        Height and width of the grid.
    width : int
        Width d of the tokens, a multiple of 4.
    like : Tensor
        Its device and type are taken.

    Returns
    -------
    Tensor of shape (N, d)
        Row by row: the row's half, then the column's, each of sines and cosines in turn.

    Raises
    ------
    ValueError
        If `width` is not a multiple of 4.

    References
    ----------
    Carion, N. et al. (2020). End-to-end object detection with transformers. ECCV.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.positions import sine_position
    >>> sine_position((3, 4), width=32, like=torch.zeros(1)).shape
    torch.Size([12, 32])
    """
    if width % 4:
        raise ValueError(
            f"width={width}; sine positions need a multiple of 4, for sine and cosine of row and "
            f"column."
        )
    return _combine(*(_sines(size, width // 2, like) for size in grid))


def _stretch(table: Tensor, size: int) -> Tensor:
    """Read a table at `size` even places: linear between entries, the end ones beyond."""
    n_places = len(table)
    places = torch.arange(n_places, device=table.device, dtype=table.dtype)
    centres = (torch.arange(size, device=table.device, dtype=table.dtype) + 0.5) * n_places / size
    centres = (centres - 0.5).clamp(0, n_places - 1)
    weights = (1 - (centres[:, None] - places).abs()).relu()  # (size, n_places), rows sum to 1
    return weights @ table


def _sines(size: int, width: int, like: Tensor) -> Tensor:
    places = torch.arange(1, size + 1, device=like.device, dtype=like.dtype) * (2 * pi / size)
    pairs = torch.arange(width // 2, device=like.device, dtype=like.dtype)
    angles = places[:, None] / 10_000 ** (2 * pairs / width)  # (size, width / 2)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)  # (size, width)


def _combine(rows: Tensor, columns: Tensor) -> Tensor:
    height, width = len(rows), len(columns)
    rows, columns = rows.repeat_interleave(width, dim=0), columns.repeat(height, 1)
    return torch.cat([rows, columns], dim=1)  # (N, d)
