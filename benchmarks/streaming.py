"""Prediction of a CSV of very many rows: the memory it takes, and what a kill costs.

    python benchmarks/streaming.py [n_rows] [csv|parquet]

Ten drawn images stand for all rows, a tiny network for the model, and its cache for the embeddings:
what is looked at is how much is held at a time, and what is written. ``sklearn-mlic predict`` runs
in processes of its own: on a tenth of the rows, on all of them, and on all of them again, killed
once half of them are done and started anew. Memory is the peak of the process.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _common import report

N_IMAGES = 10


def prepare(folder: Path, n_rows: int) -> Path:
    """Draw the images, fit and save the model, and write both lists of rows."""
    from PIL import Image
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    from sklearn_mlic import (
        BinaryRelevance,
        ImageEmbedder,
        ThresholdCalibrator,
        make_multilabel_images,
        save,
    )

    bunch = make_multilabel_images(80, image_size=32, n_labels=5, random_state=0)
    for row, pixels in enumerate(bunch.data["image"][:N_IMAGES]):
        Image.fromarray(pixels).save(folder / f"{row}.png")
    embedder = ImageEmbedder("test_resnet", pretrained=False, image_size=32, random_state=0)
    classifier = ThresholdCalibrator(BinaryRelevance(LogisticRegression()), random_state=0)
    for name, n in (("tenth", n_rows // 10), ("all", n_rows)):
        with open(folder / f"rows_{name}.csv", "w") as file:
            file.write("image,key\n")
            file.writelines(f"{row % N_IMAGES}.png,k{row}\n" for row in range(n))
    return save(
        make_pipeline(embedder, classifier).fit(bunch.data, bunch.target), folder / "m.skops"
    )


def start(model: Path, rows: str, out: str) -> subprocess.Popen:
    """Start the command on one of the lists."""
    folder = model.parent
    command = [sys.executable, "-m", "sklearn_mlic", "predict", model, folder / f"rows_{rows}.csv"]
    options = ["--ids", "key", "--probabilities", "--cache", folder / "cache", "-q"]
    return subprocess.Popen(
        [str(part) for part in (*command, "-o", folder / out, *options)], stdout=subprocess.DEVNULL
    )


def finish(process: subprocess.Popen) -> tuple[float, float]:
    """Wait for a process; return its peak memory in MB, and the seconds of its own work."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"The command ended with status {process.returncode}.")
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def kill_at(process: subprocess.Popen, note: Path, n_rows: int) -> None:
    """Wait until so many rows are done, then kill without a warning."""
    while not note.exists() or json.loads(note.read_text())["state"]["n_rows"] < n_rows:
        if process.poll() is not None:
            sys.exit("The command ended before it could be killed.")
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


def main(n_rows: int, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = prepare(folder, n_rows)
        tenth_mb, _ = finish(start(model, "tenth", f"tenth.{suffix}"))
        all_mb, seconds = finish(start(model, "all", f"all.{suffix}"))
        report(
            f"predict to {suffix}: peak memory of all rows over that of a tenth",
            rows=n_rows,
            tenth_mb=tenth_mb,
            all_mb=all_mb,
            ratio=all_mb / tenth_mb,
            cpu_seconds=seconds,
            rows_a_second=n_rows / seconds,
        )
        whole, again = folder / f"all.{suffix}", folder / f"again.{suffix}"
        note = folder / f"{again.name}.progress.json"
        kill_at(start(model, "all", again.name), note, n_rows // 2)
        again_mb, rest = finish(start(model, "all", again.name))
        report(
            f"predict to {suffix}: killed at half and started again",
            rows=n_rows,
            is_the_same=again.read_bytes() == whole.read_bytes(),
            all_mb=again_mb,
            cpu_seconds_of_the_rest=rest,
        )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 1_000_000, given[1] if len(given) > 1 else "csv")
