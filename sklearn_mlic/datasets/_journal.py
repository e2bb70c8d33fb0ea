"""A file that grows chunk by chunk, and beside it a note of how far it is.

A kill may leave a torn chunk at the end of the file: the note does not count it, and the next run
writes over it.
"""

import json
import os
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
        out = Path(out)
        self.part = out.with_name(f"{out.name}.part")
        self.note = out.with_name(f"{out.name}.progress.json")
        self.identity = identity
        if restart:
            self.discard()
        self.state: dict[str, Any] = {"n_rows": 0, "n_bytes": 0}
        if self.note.exists() and self.part.exists():
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
        note = {"identity": self.identity, "state": self.state}
        write_at_once(self.note, json.dumps(note, indent=1).encode())

    def discard(self) -> None:
        """Delete the files of the work under way."""
        self.note.unlink(missing_ok=True)
        self.part.unlink(missing_ok=True)

    def _go_on(self) -> None:
        try:
            note = json.loads(self.note.read_bytes())
            identity, state = note["identity"], note["state"]
            is_whole = self.part.stat().st_size >= state["n_bytes"]
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
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
        self.state = state
