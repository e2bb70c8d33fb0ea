"""The contract of heads, over the whole table: a new head is tested by being in it."""

import copy

import pytest
import torch

from heads import make_head, make_model, run
from sklearn_mlic.nn.heads import HEADS
from sklearn_mlic.nn.model import ImageModel, head_inputs

D = 12
GRIDS = [(1, 1), (2, 2), (7, 7), (3, 5)]
LABELS = [1, 3, 1000]

each_head = pytest.mark.parametrize("name", HEADS)


def each_head_with(method):
    """Those of the heads that have an optional method."""
    return pytest.mark.parametrize("name", [n for n in HEADS if hasattr(HEADS[n], method)])


each_grid = pytest.mark.parametrize("grid", GRIDS, ids=str)
each_backbone = pytest.mark.parametrize(
    "backbone", ["test_resnet", "test_vit", "test_convnext", "simple_cnn", "plain_cnn"]
)


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_tokens(grid=(2, 2), n_samples=5):
    return torch.randn(n_samples, grid[0] * grid[1], D)


@each_head
@each_grid
@pytest.mark.parametrize("n_labels", LABELS)
@pytest.mark.parametrize("n_samples", [1, 5])
def test_a_head_gives_one_logit_a_label(name, grid, n_labels, n_samples):
    logits = run(make_head(name, D, n_labels), make_tokens(grid, n_samples), grid)
    assert logits.shape == (n_samples, n_labels)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


@each_head
@each_grid
@pytest.mark.parametrize("n_labels", LABELS)
def test_a_gradient_reaches_every_parameter(name, grid, n_labels):
    head = make_head(name, D, n_labels).train()
    run(head, make_tokens(grid), grid).square().sum().backward()
    for label, parameter in head.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label
        # What decides where to look, or what comes after what, learns nothing of one token.
        assert parameter.grad.abs().sum() > 0 or grid == (1, 1), label


@each_head
def test_a_gradient_reaches_the_tokens(name):
    tokens = make_tokens().requires_grad_()
    run(make_head(name), tokens, (2, 2)).square().sum().backward()
    assert (tokens.grad.abs().sum(dim=(1, 2)) > 0).all()


@each_head
def test_evaluation_is_deterministic(name):
    head, tokens = make_head(name), make_tokens()
    assert torch.equal(run(head, tokens), run(head, tokens))


@each_head
def test_an_image_gets_the_same_logits_whatever_else_is_in_the_batch(name):
    head, tokens = make_head(name), make_tokens()
    alone = torch.cat([run(head, image[None]) for image in tokens])
    torch.testing.assert_close(alone, run(head, tokens), atol=1e-5, rtol=1e-4)


@each_head
@pytest.mark.parametrize("n_features", [D, 2048])
def test_a_fresh_head_is_of_a_size_to_train_from(name, n_features):
    head = HEADS[name](n_features=n_features, n_labels=3).eval()
    logits = run(head, torch.rand(2, 4, n_features), (2, 2))
    assert logits.abs().max() < 5


@each_head
def test_dropout_acts_in_training_only(name):
    head, tokens = make_head(name, dropout=0.5), make_tokens()
    still = run(head, tokens)
    assert torch.equal(run(head, tokens), still)
    assert not torch.equal(run(head.train(), tokens), still)


@each_head
def test_labels_are_told_apart_by_their_parameters_only(name):
    """With all that belongs to a label in another order, so are the logits."""
    n_labels, order = 7, torch.tensor([3, 0, 6, 1, 5, 2, 4])
    head, tokens = make_head(name, D, n_labels), make_tokens()
    twin = copy.deepcopy(head)
    for entry in twin.state_dict().values():
        for axis, size in enumerate(entry.shape):
            if size == n_labels:
                entry.copy_(entry.index_select(axis, order))
    if name == "chain":  # holds numbers of labels, not values of theirs
        head.order.copy_(torch.randperm(n_labels))
        twin.order.copy_(order.argsort()[head.order])
    torch.testing.assert_close(run(twin, tokens), run(head, tokens)[:, order])


@each_head
def test_a_compiled_head_is_the_same(name):
    """Whatever torch cannot translate it must leave aside silently."""
    head, tokens = make_head(name), make_tokens((3, 5))
    expected = run(head, tokens, (3, 5))
    torch._dynamo.reset()
    head.compile(backend="eager")
    with torch.inference_mode():  # else torch warns of itself where it leaves out a recurrent net
        torch.testing.assert_close(run(head, tokens, (3, 5)), expected)


@each_head
def test_a_copy_of_the_weights_is_the_same_head(name):
    head, tokens = make_head(name), make_tokens()
    if hasattr(head, "set_labels"):
        head.set_labels(torch.randint(2, (20, 3)).float())
    torch.manual_seed(1)
    twin = make_head(name)
    twin.load_state_dict(head.state_dict())
    assert torch.equal(run(twin, tokens), run(head, tokens))


@each_head_with("reduce_tokens")
@each_grid
def test_reduced_tokens_give_the_very_same_logits(name, grid):
    """So that a frozen backbone's tokens can be kept as one vector an image."""
    head, tokens = make_head(name), make_tokens(grid)
    reduced = head.reduce_tokens(tokens)
    assert reduced.shape[1] <= tokens.shape[1]
    assert torch.equal(run(head, reduced), run(head, tokens))


@each_head_with("label_maps")
@each_grid
def test_label_maps_have_a_value_a_label_and_token(name, grid):
    head, tokens = make_head(name), make_tokens(grid)
    named = {"grid": grid} if "grid" in head_inputs(head.label_maps) else {}
    maps = head.label_maps(tokens, **named)
    assert maps.shape == (5, 3, tokens.shape[1])
    assert torch.isfinite(maps).all()
    assert maps.std() > 0 or grid == (1, 1)


@each_head_with("set_labels")
def test_labels_of_another_number_are_an_error(name):
    head = make_head(name)
    head.set_labels(torch.randint(2, (9, 3)))
    with pytest.raises(ValueError, match=r"y has shape \(9, 4\); expected \(n, 3\)"):
        head.set_labels(torch.zeros(9, 4))


@each_head
@pytest.mark.parametrize("dropout", [-0.1, 1.5])
def test_a_dropout_that_is_no_share_is_an_error(name, dropout):
    with pytest.raises(ValueError, match=r"(?i)dropout"):
        make_head(name, dropout=dropout)


# ---- with a backbone


@each_head
@each_backbone
def test_a_gradient_reaches_every_parameter_of_a_model(name, backbone):
    model = make_model(name, backbone).train()
    model(torch.rand(4, 3, 64, 64)).square().sum().backward()
    for label, parameter in model.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label
    moved = {n: p.grad.abs().sum() > 0 for n, p in model.head.named_parameters()}
    assert all(moved.values()), moved


@each_head
@each_backbone
def test_neither_order_nor_company_changes_an_output(name, backbone):
    model, image = make_model(name, backbone), torch.rand(5, 3, 64, 64)
    with torch.inference_mode():
        logits = model(image)
        order = torch.randperm(5)
        torch.testing.assert_close(model(image[order]), logits[order], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(model(image[:2]), logits[:2], atol=1e-5, rtol=1e-4)


@each_head
def test_tokens_computed_before_stand_for_their_images(name):
    model, image = make_model(name), torch.rand(5, 3, 64, 64)
    with torch.inference_mode():
        tokens = model.embed(image)
        assert tokens.shape == (5, 2, 2, model.backbone.n_features)
        assert torch.equal(model(tokens=tokens), model(image))


@each_head
def test_another_image_size_is_another_grid(name):
    model = make_model(name)
    with torch.inference_mode():
        assert torch.isfinite(model(torch.rand(2, 3, 96, 160))).all()


@each_head
def test_feature_vectors_are_images_of_one_token(name):
    head, features = make_head(name), torch.randn(5, D)
    logits = ImageModel(None, head)(features=features)
    assert torch.equal(logits, run(head, features[:, None], (1, 1)))


@each_head
@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit"])
def test_every_head_tells_where_it_looks(name, backbone):
    model, image = make_model(name, backbone), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        maps, grid = model.label_maps(image), model.embed(image).shape[1:3]
    assert maps.shape == (2, 3, *grid)
    assert maps.dtype == torch.float32
    assert not maps.requires_grad
    assert torch.isfinite(maps).all()
    assert (maps.flatten(2).std(dim=2) > 0).all()
