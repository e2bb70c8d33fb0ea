"""Ctrl-C, also where what is being fitted takes it for itself."""

import signal
from threading import current_thread, main_thread
from typing import Any


class Interruption:
    """Remember Ctrl-C inside a ``with`` block, and let it through as always.

    A network ends its training at Ctrl-C and is fitted then; a search that asks `check`
    afterwards ends as well. Outside the main thread, where no signal arrives, it does nothing.
    """

    def __init__(self) -> None:
        self.has_come = False
        self._previous: Any = None

    def __enter__(self) -> "Interruption":
        if current_thread() is main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            if callable(self._previous):
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        if callable(self._previous):
            signal.signal(signal.SIGINT, self._previous)

    def _note(self, number: int, frame: Any) -> None:
        self.has_come = True
        self._previous(number, frame)

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C has come.

        Raises
        ------
        KeyboardInterrupt
            As Python raises it.
        """
        if self.has_come:
            raise KeyboardInterrupt
