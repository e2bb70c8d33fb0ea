"""What a checkpoint holds of a net: all that its next epoch depends on."""

from numbers import Real
from typing import Any

import numpy as np


class StateMixin:
    """The state of a `TrainingNet` as tensors and plain values, and back."""

    def epochs(self) -> list[dict[str, float]]:
        """Return the numbers of each whole epoch, as plain ones."""
        return [
            {
                name: np.asarray(value).item()
                for name, value in row.items()
                if isinstance(value, Real) and not isinstance(value, bool)
            }
            for row in self.history
            if "train_loss" in row
        ]

    def _state(self) -> dict[str, Any]:
        """All that the next epoch depends on, as tensors and plain values."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state["history"] = self.epochs()
        return {
            **state,
            "seed": self.plan.seed,
            "is_stopped": self.is_stopped_,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.is_stopped_ = state["is_stopped"]
        self.recall(state["history"])

    def recall(self, epochs: list[dict[str, float]]) -> None:
        """Put the numbers of earlier epochs in front of those to come.

        Parameters
        ----------
        epochs : list of dict
            As `epochs` returned them.
        """
        self.n_epochs_ = len(epochs)
        for row in epochs:
            self.history.new_epoch()
            for key, value in row.items():
                self.history.record(key, value)

    def _parts(self) -> dict[str, Any]:
        """What has a state of its own, by its name in a checkpoint."""
        parts = {
            "module": self.module_,
            "criterion": self.criterion_,
            "optimizer": self.optimizer_,
            "scaler": self.scaler_,
            "schedule": self.schedule_,
            "average": self.average_,
        }
        parts |= {f"callback {name}": callback for name, callback in self.callbacks_}
        return {name: part for name, part in parts.items() if hasattr(part, "state_dict")}
