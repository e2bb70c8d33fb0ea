"""A network of image and text: what runs where a side is missing, and what training hides."""

import pytest
import torch

from heads import make_head
from sklearn_mlic.nn.backbones import make_backbone
from sklearn_mlic.nn.fusion import FUSIONS, Concat, Late, TextAlone
from sklearn_mlic.nn.image_text import ImageTextModel

B, E, L = 6, 5, 3


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make(fusion=Late, head="linear", modality_dropout=0.0, **params):
    backbone = make_backbone("test_resnet", pretrained=False, image_size=32)
    made = fusion(n_image=backbone.n_features, n_text=E, n_labels=L)
    head = make_head(head, made.n_features, L, **params)
    return ImageTextModel(backbone, made, L, head, modality_dropout=modality_dropout).eval()


def make_batch(has_image=None, has_text=None):
    there = torch.ones(B, dtype=torch.bool)
    return {
        "image": torch.rand(B, 3, 32, 32),
        "has_image": there if has_image is None else torch.tensor(has_image),
        "text": torch.randn(B, E),
        "has_text": there if has_text is None else torch.tensor(has_text),
    }


def watch(model):
    """The number of images in each run of the backbone."""
    runs = []
    feature_map = model.backbone.feature_map
    model.backbone.feature_map = lambda image: runs.append(len(image)) or feature_map(image)
    return runs


def test_the_backbone_runs_on_images_that_are_there():
    model = make()
    runs = watch(model)
    batch = make_batch(has_image=[True, False, True, True, False, False])
    logits = model(**batch)
    assert runs == [3]
    for row in range(B):
        alone = model(**{name: column[row : row + 1] for name, column in batch.items()})
        torch.testing.assert_close(alone[0], logits[row])


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS)
def test_a_batch_may_lack_all_images_or_all_texts(fusion):
    model = make(fusion)
    none = [False] * B
    for lacking in ({"has_image": none}, {"has_text": none}, {"has_image": none, "has_text": none}):
        batch = make_batch(**lacking)
        logits = model(**batch)
        assert logits.isfinite().all()
        if len(lacking) == 2:  # nothing tells the rows apart
            torch.testing.assert_close(logits, logits[:1].expand(B, -1))
        model.train()(**batch).sum().backward()
        model.eval()


def test_training_runs_on_images_that_are_there_too():
    model = make().train()
    runs = watch(model)
    model(**make_batch(has_image=[False, False, True, True, False, True]))
    model(**make_batch(has_image=[False] * 5 + [True]))  # batch norm needs two
    assert runs == [3, 2]


def test_a_fusion_that_knows_its_labels_scores_no_others():
    vectors = torch.randn(2, 7)
    params = {"label_vectors": torch.randn(L, 7)}
    late = make(Late, "ml_decoder", **params)
    with pytest.raises(ValueError, match="Late has weights for the labels it was trained on"):
        late(**make_batch(), label_vectors=vectors)
    beside = make(Concat, "ml_decoder", **params)
    assert beside(**make_batch(), label_vectors=vectors).shape == (B, 2)


def test_tokens_computed_before_give_the_same_logits():
    model = make(Concat)
    batch = make_batch(has_image=[True, False, True, True, False, True])
    expected = model(**batch)
    tokens = model.embed(batch.pop("image"))
    torch.testing.assert_close(model(tokens=tokens, **batch), expected)


@pytest.mark.parametrize("fusion", [f for f in FUSIONS.values() if f.keeps_means])
def test_a_head_that_pools_may_be_given_pooled_tokens(fusion):
    model = make(fusion)
    batch = make_batch()
    expected = model(**batch)
    assert model.token_reduction == "avg"
    tokens = model.embed(batch.pop("image"))
    reduced = model.head.reduce_tokens(tokens.flatten(1, 2))[:, :, None]
    torch.testing.assert_close(model(tokens=reduced, **batch), expected)


def test_a_fusion_that_mixes_places_needs_all_tokens():
    assert make(FUSIONS["gated"]).token_reduction is None


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS)
def test_a_row_with_neither_side_has_the_labels_frequencies(fusion):
    model = make(fusion)
    y = torch.tensor([[1.0, 0.0, 0.0]] * 3 + [[0.0, 1.0, torch.nan]] * 2)
    model.set_labels(y)
    bare = [True, False, True, True, True, True]
    logits = model(**make_batch(has_image=bare, has_text=bare))
    torch.testing.assert_close(
        logits[1].sigmoid(), torch.tensor([3.5, 2.5, 0.5]) / torch.tensor([6, 6, 4])
    )
    assert not torch.allclose(logits[0], logits[1])


def test_training_hides_a_side_of_some_rows_and_never_both():
    model = make(modality_dropout=0.4)
    both = torch.ones(20_000, dtype=torch.bool)
    has_image, has_text = model._drop_sides(both, both)
    assert (has_image | has_text).all()
    for side in (has_image, has_text):
        assert abs((~side).float().mean() - 0.2) < 0.02
    lone_image = model._drop_sides(both, ~both)
    assert lone_image[0].all()
    assert not lone_image[1].any()


def test_evaluation_hides_nothing():
    model = make(modality_dropout=0.9)
    batch = make_batch()
    assert torch.equal(model(**batch), model(**batch))


def test_maps_lie_on_the_backbones_grid():
    for head in ("linear", "two_stage", "lstm_transformer"):
        model = make(Concat, head)
        maps = model.label_maps(**make_batch(has_image=[True] * 5 + [False]))
        assert maps.shape == (B, L, *model.embed(torch.rand(1, 3, 32, 32)).shape[1:3])


def test_text_alone_needs_no_backbone():
    model = ImageTextModel(None, TextAlone(E), L, make_head("linear", E, L)).eval()
    text = torch.randn(B, E)
    there = torch.ones(B, dtype=torch.bool)
    expected = model.head(model.fusion.norm(text)[:, None])
    torch.testing.assert_close(model(text=text, has_text=there), expected)
    with pytest.raises(TypeError, match="text alone has no maps"):
        model.label_maps(text=text, has_text=there)
