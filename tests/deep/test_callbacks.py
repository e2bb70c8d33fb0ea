"""What callbacks of one's own find during training."""

import numpy as np
import pytest
from skorch.callbacks import Callback

from helpers import classifier, coloured

IMAGES, Y = coloured(24)
FEATURES = IMAGES.reshape(len(IMAGES), -1)[:, :5].astype(np.float32) / 255
SEEN = []


class Asking(Callback):
    """Predicts after each epoch, and keeps the net."""

    def on_epoch_end(self, net, **_):
        SEEN.append((net, net.estimator_.predict_proba(self.X)))

    def __init__(self, X):
        self.X = X

    def __deepcopy__(self, memo):
        return self


@pytest.mark.parametrize("X", [IMAGES, FEATURES], ids=["images", "features"])
def test_the_estimator_predicts_with_the_weights_as_they_are(X):
    SEEN.clear()
    y = Y.copy()
    y[:, 2] = 1  # a label that is constant is predicted as that constant at once
    watched = classifier(max_epochs=3, callbacks=[Asking(X)]).fit(X, y)
    assert len(SEEN) == 3
    for n_epochs, (_, y_prob) in enumerate(SEEN, start=1):
        alone = classifier(max_epochs=n_epochs).fit(X, y).predict_proba(X)
        np.testing.assert_array_equal(y_prob, alone)
    np.testing.assert_array_equal(watched.predict_proba(X), alone)
    assert watched.net_.estimator_ is None  # nothing is held on to
