"""A file that grows chunk by chunk, and beside it a note of how far it is.

A kill may leave a torn chunk at the end of the file: the note does not count it, and the next run
writes over it.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn_mlic.utils._files import write_at_once


class Journal:
    """What is written so far of an output that takes long.

    Parameters
    ----------
    out : str or path
        The output; the files of the work under way stand beside it.
    identity : dict of str to str
        What decides the output: a run with another does not go on with this one's work.
    restart : bool, default=False
        Whether to throw away what there is.

    Attributes
    ----------
    state : dict
        ``n_rows`` and ``n_bytes`` that are done, and whatever the writer added.

    Raises
    ------
    ValueError
        If there is the work of another identity, or its file was changed.
    """

    def __init__(self, out: str | os.PathLike, identity: dict[str, str], restart: bool = False):
        self.out = out = Path(out)
        self.part = out.with_name(f"{out.name}.part")
        self.note = out.with_name(f"{out.name}.progress.json")
        self.identity = identity
        if restart:
            self.discard()
        self.state: dict[str, Any] = {"n_rows": 0, "n_bytes": 0}
        if self.note.exists():
            self._go_on()

    def append(self, content: bytes, **state: Any) -> None:
        """Add a chunk: all of it counts, or nothing.

        Parameters
        ----------
        content : bytes
            What to write.
        **state
            What to note beside it, as JSON can.
        """
        mode = "r+b" if self.state["n_bytes"] else "wb"
        with open(self.part, mode) as file:
            file.seek(self.state["n_bytes"])
            file.truncate()
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.state = {**state, "n_bytes": self.state["n_bytes"] + len(content)}
        self._write_note()

    def finish(self, make_whole: Callable[[Path], Path]) -> None:
        """Put the output in its place; if it stands there already, only clear up.

        Parameters
        ----------
        make_whole : callable
            Takes the file of the chunks and returns the whole output, which stands beside it or
            is that file itself.
        """
        if self.part.exists():
            whole = make_whole(self.part)
            self.state = {**self.state, "is_whole": True}
            self._write_note()
            whole.replace(self.out)
        self.discard()

    def discard(self) -> None:
        """Delete the files of the work under way."""
        # The note last: chunks without one would be written again.
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def _write_note(self) -> None:
        note = {"identity": self.identity, "state": self.state}
        write_at_once(self.note, json.dumps(note, indent=1).encode())

    def _go_on(self) -> None:
        """Take up the state of an earlier run, if what it wrote is there."""
        try:
            note = json.loads(self.note.read_bytes())
            identity, state = note["identity"], note["state"]
            n_bytes, is_whole = state["n_bytes"], state.get("is_whole", False)
        except (ValueError, KeyError, TypeError):
            identity, state, n_bytes, is_whole = {}, {}, None, False
        if self.part.exists():
            self._check_beginning(identity, n_bytes)
            self.state = state
        elif is_whole and self.out.exists() and identity == self.identity:
            self.state = state  # the run was killed when its output was in place

    def _check_beginning(self, identity: dict[str, str], n_bytes: int | None) -> None:
        if n_bytes is None or self.part.stat().st_size < n_bytes:
            raise ValueError(
                f"{str(self.note)!r} does not go with {str(self.part)!r}: one was changed. "
                f"Begin anew with restart=True (--restart)."
            )
        names = sorted(identity.keys() | self.identity.keys())
        changed = [
            f"{name} was {identity.get(name)} and is {self.identity.get(name)}"
            for name in names
            if identity.get(name) != self.identity.get(name)
        ]
        if changed:
            raise ValueError(
                f"{str(self.part)!r} holds the beginning of another output: {'; '.join(changed)}. "
                f"Give what was given then to go on, name another file, or begin anew with "
                f"restart=True (--restart)."
            )
