"""The main job on drawn images: train, calibrate, compare, keep the best, predict."""

from pathlib import Path

from PIL import Image

from sklearn_mlic.cli._console import print_leaderboard, remarks
from sklearn_mlic.comparison import compare
from sklearn_mlic.datasets import make_multilabel_images, write_predictions
from sklearn_mlic.deep import ImageClassifier
from sklearn_mlic.features import ImageEmbedder
from sklearn_mlic.fitted import find_label_names, predict_both
from sklearn_mlic.model_selection import MultilabelStratifiedShuffleSplit
from sklearn_mlic.persistence import load, save
from sklearn_mlic.recipes import (
    fine_tuned,
    image_probe,
    image_text_probe,
    label_prior,
    text_probe,
)

SEED = 0
N_KNOWN, N_NEW = 600, 24
N_EPOCHS = 30


def run(folder: Path, quiet: bool) -> None:
    """Run the demo and write its files.

    Parameters
    ----------
    folder : Path
        Where to write; created when missing.
    quiet : bool
        Whether to leave out progress and remarks.
    """
    say = remarks.print if not quiet else lambda *_: None
    say(f"Drawing {N_KNOWN + N_NEW} scenes with captions that tell half the story ...")
    bunch = make_multilabel_images(n_samples=N_KNOWN + N_NEW, random_state=SEED)
    known = bunch.data.iloc[:-N_NEW].rename(columns={"caption": "text"})
    y = bunch.target.iloc[:-N_NEW]

    verbose = int(not quiet)
    small = {"pretrained": False, "image_size": 96, "random_state": SEED}
    # No weights are downloaded: the network starts from random ones, frozen or trained.
    embedder = ImageEmbedder("test_resnet", **small)
    network = ImageClassifier(
        "test_resnet", head_params={"pool": "max"}, lr=3e-3, max_epochs=N_EPOCHS, **small
    )
    approaches = {
        "always the prior": label_prior(SEED),
        "caption words": text_probe(random_state=SEED),
        "frozen network": image_probe(embedder, random_state=SEED),
        "trained network": fine_tuned(network, SEED),
        "frozen network + words": image_text_probe(embedder, random_state=SEED),
    }
    hold_out = MultilabelStratifiedShuffleSplit(2, test_size=0.25, random_state=SEED)
    say(f"Training {len(approaches)} approaches twice on three quarters, testing on the rest ...")
    leaderboard = compare(approaches, known, y, cv=hold_out, random_state=SEED, verbose=verbose)
    print_leaderboard(leaderboard)

    folder.mkdir(parents=True, exist_ok=True)
    winner = leaderboard["mAP"].idxmax()
    say(f"Fitting the best, {winner!r}, on all {N_KNOWN} images ...")
    model = save(approaches[winner].fit(known, y), folder / "model.skops")
    leaderboard.to_csv(folder / "leaderboard.csv")

    new = bunch.data.iloc[-N_NEW:].rename(columns={"caption": "text"})
    (folder / "new_images").mkdir(exist_ok=True)
    names = [f"new_images/{i:02d}.png" for i in range(N_NEW)]
    for name, pixels in zip(names, new["image"], strict=True):
        Image.fromarray(pixels).save(folder / name)
    predictions = folder / "predictions.csv"
    opened = load(model)
    y_pred, y_prob = predict_both(opened, new)
    write_predictions(predictions, names, y_pred, find_label_names(opened), y_prob=y_prob)
    say(f"The model opens with sklearn_mlic.load; it labelled {N_NEW} images it had not seen.")
    for path in (folder / "leaderboard.csv", model, predictions):
        print(path)
