"""The memory that a fit on very many image files takes.

    python benchmarks/training_memory.py [n_images]

The same 200 files stand for all rows: what counts is how much is held at a time. Each fit runs
in a process of its own; the figures are its peak, and that of its largest worker, beyond what
they held in a fit of 64 images before.
"""

import subprocess
import sys
import tempfile

from _common import report

FIT = """
import resource, sys
import numpy as np
import torch
from sklearn_mlic import ImageClassifier

folder, n_images, n_jobs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
paths = [f"{folder}/{row % 200}.jpg" for row in range(n_images)]
y = np.random.default_rng(0).integers(0, 2, (n_images, 20))
model = ImageClassifier(
    "test_resnet", pretrained=False, image_size=224, max_epochs=1, n_jobs=n_jobs
)
model.fit(paths[:64], y[:64])  # what libraries take once


def peak():
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return [resource.getrusage(one).ru_maxrss / 1024 for one in who]


before = peak()
model.fit(paths, y)
print(*(after - earlier for after, earlier in zip(peak(), before)))
"""


def draw_files(folder):
    """200 JPEGs of 400 x 300 pixels."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for row in range(200):
        coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((400, 300)).save(f"{folder}/{row}.jpg")


largest = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
with tempfile.TemporaryDirectory() as folder:
    draw_files(folder)
    for n_images in (largest // 10, largest):
        for n_jobs in (1, 2):
            run = [sys.executable, "-c", FIT, folder, str(n_images), str(n_jobs)]
            done = subprocess.run(run, capture_output=True, text=True, check=True)
            grown, worker = map(float, done.stdout.split())
            report(
                "peak memory of a fit on image files",
                images=n_images,
                n_jobs=n_jobs,
                grown_mb=grown,
                worker_grown_mb=worker,
                decoded_mb=n_images * 224 * 224 * 3 / 2**20,
            )
