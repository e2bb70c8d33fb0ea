"""JSON files in COCO's layout: what their lists hold, and what is wrong with entries."""

import json
import os
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sklearn_mlic.datasets._problems import Problem

_TEXTS = ("file_name", "name", "caption")


def read_lists(path: str, parameter: str, keys: Collection[str]) -> dict[str, list]:
    """Read a file that holds these lists."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{parameter}={path!r}: there is no such file.")
    try:
        with open(path, encoding="utf-8-sig") as file:
            content = json.load(file)
    except ValueError as error:  # of JSON or of UTF-8
        raise ValueError(f"{parameter}={path!r} is not JSON in UTF-8: {error}.") from None
    lists = content if isinstance(content, dict) else {}
    absent = [key for key in keys if not isinstance(lists.get(key), list)]
    if absent:
        there = ", ".join(map(repr, lists)) or type(content).__name__
        raise ValueError(
            f"{parameter}={path!r} has no list {' and no list '.join(map(repr, absent))}; it "
            f"holds {there}. Expected a file in COCO's layout."
        )
    return {key: lists[key] for key in keys}


def keep_sound(entries: list, kind: str, key: str, problems: list[Problem]) -> list[dict]:
    """Return the entries that have an id of their own and `key`; note the others."""
    sound: dict[Any, dict] = {}
    for position, entry in enumerate(entries):
        lacking = _find_lacking(entry, ("id", key))
        if lacking:
            problems.append(_lack(None, f"{kind}[{position}]", lacking))
        elif entry["id"] in sound:
            problems.append(_repeat(None, f"{kind}[{position}]", entry["id"]))
        else:
            sound[entry["id"]] = entry
    return list(sound.values())


def walk_annotations(
    entries: list,
    kind: str,
    key: str,
    rows: Mapping[Any, int],
    problems: list[Problem],
    elsewhere: Collection = (),
) -> Iterator[tuple[int, dict]]:
    """Yield the annotations that are sound, each with the row of its image; note the others.

    Parameters
    ----------
    entries : list
        As they stand in the file.
    kind : str
        What the messages call the list.
    key : str
        What an annotation has beside its id and that of its image.
    rows : mapping of image id to int
        The images that are loaded.
    problems : list of Problem
        Grows.
    elsewhere : collection
        Ids of images whose annotations are passed over.
    """
    seen = set()
    for position, entry in enumerate(entries):
        place = f"{kind}[{position}]"
        lacking = _find_lacking(entry, ("id", "image_id", key))
        row = None if "image_id" in lacking else rows.get(entry["image_id"])
        if lacking:
            problems.append(_lack(row, place, lacking))
            continue
        if entry["id"] in seen:
            problems.append(_repeat(row, place, entry["id"]))
        elif row is not None:
            yield row, entry
        elif entry["image_id"] not in elsewhere:
            problem = f"{place} belongs to the image {entry['image_id']!r}, which is not listed"
            problems.append(Problem(None, problem, "List every image in 'images'."))
        seen.add(entry["id"])


def _find_lacking(entry: Any, keys: Collection[str]) -> list[str]:
    if not isinstance(entry, dict):
        return list(keys)
    return [
        key
        for key in keys
        if not isinstance(entry.get(key), str if key in _TEXTS else (int, str, float))
    ]


def _lack(row: int | None, place: str, lacking: list[str]) -> Problem:
    remedy = "Give each entry what its list needs: numbers or text as ids, text as names."
    return Problem(row, f"{place} has no {' and no '.join(map(repr, lacking))}", remedy)


def _repeat(row: int | None, place: str, id_: Any) -> Problem:
    remedy = "Give each entry of a list an id of its own."
    return Problem(row, f"{place} has the id {id_!r} of an earlier one", remedy)
