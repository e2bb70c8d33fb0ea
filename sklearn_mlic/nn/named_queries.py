"""Queries made of the vectors of labels, so that any label with a vector can be asked for."""

import torch.nn.functional as F
from torch import Tensor, nn

from sklearn_mlic.nn.checks import check_label_vectors


class NamedQueries(nn.Module):
    """A learned linear map from the vectors of labels, whatever their length, to queries.

    Parameters
    ----------
    label_vectors : Tensor of shape (L, V)
        Vectors that stand for the labels, such as text embeddings of their names.
    n_labels : int
        Number of labels L.
    width : int
        Width d of a query.

    Raises
    ------
    ValueError
        If there is not one vector a label.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mlic.nn.named_queries import NamedQueries
    >>> queries = NamedQueries(torch.eye(3), n_labels=3, width=8)
    >>> queries().shape, queries(torch.ones(5, 3)).shape
    (torch.Size([3, 8]), torch.Size([5, 8]))
    """

    def __init__(self, label_vectors: Tensor, n_labels: int, width: int):
        super().__init__()
        self.register_buffer("label_vectors", check_label_vectors(label_vectors, n_labels))
        self.linear = nn.Linear(self.label_vectors.shape[1], width)
        # Directions a unit long give queries of the size that drawn ones have.
        nn.init.normal_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, label_vectors: Tensor | None = None) -> Tensor:
        """Return the queries of the labels, or of others.

        Parameters
        ----------
        label_vectors : Tensor of shape (K, V), optional
            Of the labels to ask for in place of those trained on.

        Returns
        -------
        Tensor of shape (L, d), or (K, d)
            A query a label.

        Raises
        ------
        ValueError
            If the vectors have another length than those of the labels trained on.
        """
        label_vectors = self.label_vectors if label_vectors is None else label_vectors.float()
        length = self.label_vectors.shape[1]
        if label_vectors.ndim != 2 or label_vectors.shape[1] != length:
            raise ValueError(
                f"label_vectors has shape {tuple(label_vectors.shape)}; expected (K, {length}), "
                f"from the encoder that gave the vectors in training."
            )
        return self.linear(F.normalize(label_vectors, dim=-1))  # (K, V) -> (K, d)
