"""Where in its images a fitted image classifier sees each label."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_mlic.deep._errors import clear_errors
from sklearn_mlic.deep._memory import make_room
from sklearn_mlic.deep._records import Records
from sklearn_mlic.utils._progress import track


class MapsMixin:
    """The maps of an estimator that holds a net of a backbone and a head."""

    def attention_maps(self, X: Any, label_names: Sequence[str] | None = None) -> np.ndarray:
        """Return where in each image each label is seen.

        Of heads with attention these are the weights with which a label looks at each position;
        of heads that pool, the logit that each position would give alone, the class activation
        map (Zhou et al. 2016); of all others, gradient times token (Draelos and Carin 2020), at
        the cost of a backward pass a label.

        Parameters
        ----------
        X : sequence of images or DataFrame
            In the form that ``fit`` took.
        label_names : sequence of str, optional
            As for `predict_proba`: labels to look for in place of those trained on.

        Returns
        -------
        maps : ndarray of float32, shape (n_samples, n_labels, h, w)
            One map a label, h x w being the backbone's grid.

        Raises
        ------
        TypeError
            If the model was fitted on feature vectors.
        ValueError
            If `label_names` is given and the estimator knows the labels of the fit only, or the
            maps do not fit into the memory that is free.
        """
        check_is_fitted(self, "net_")
        given = self._other_labels(label_names)
        others = {name: value.to(self.net_.device) for name, value in given.items()}
        dataset = self._dataset(Records(self._check_columns(X, reset=False)), self.net_.module_)
        model, maps, n_done = self.net_.module_.eval(), None, 0
        loader = self.net_.get_iterator(dataset)
        with torch.no_grad(), clear_errors(self.batch_size):
            for columns, _ in track(loader, len(loader), "Looking at images", self.verbose):
                sent = {name: column.to(self.net_.device) for name, column in columns.items()}
                batch = model.label_maps(**sent, **others).cpu().numpy()
                if maps is None:
                    maps = make_room(
                        (len(dataset), *batch.shape[1:]),
                        f"The maps of {len(dataset)} images",
                        "Pass fewer images at a time",
                    )
                maps[n_done : n_done + len(batch)] = batch
                n_done += len(batch)
        return maps
