"""Every fusion keeps the same promises; then what each is by its definition."""

import pytest
import torch

from heads import stir
from sklearn_mlic.nn.fusion import FUSIONS, Concat, CrossAttention, Gated, Late, TextAlone

B, D, E, L, T = 5, 6, 8, 3, 4
SMALL = {
    "concat": {"hidden": 10},
    "gated": {"width": 12},
    "cross_attention": {"width": 16, "n_heads": 2, "n_hidden": 24},
}
HAS_IMAGE = torch.tensor([True, True, True, False, False])
HAS_TEXT = torch.tensor([True, True, False, True, False])


def make(name, **params):
    params = {**SMALL.get(name, {}), **params}
    return stir(FUSIONS[name](n_image=D, n_text=E, n_labels=L, **params)).eval()


def fuse(fusion, tokens, text, has_image=HAS_IMAGE, has_text=HAS_TEXT):
    """What the head is given, and what becomes of its logits: the sums of the tokens here."""
    words = fusion.fill_text(text, has_text)
    given = fusion(fusion.fill_image(tokens, has_image), has_image, words)
    logits = given.sum(dim=(1, 2))[:, None].expand(-1, L)
    return given, fusion.finish(logits, has_image, words)


def make_sides(n_tokens=7, pooled=True):
    text = torch.randn(B, E) if pooled else torch.randn(B, T, E)
    return torch.randn(B, n_tokens, D), text


@pytest.fixture(autouse=True)
def _seed():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


each = pytest.mark.parametrize("name", FUSIONS)


@each
@pytest.mark.parametrize("pooled", [True, False], ids=["a vector a text", "a vector a token"])
@pytest.mark.parametrize("n_tokens", [1, 7])
def test_tokens_keep_their_places(name, pooled, n_tokens):
    fusion = make(name)
    given, logits = fuse(fusion, *make_sides(n_tokens, pooled))
    assert given.shape == (B, n_tokens, fusion.n_features)
    assert logits.shape == (B, L)
    assert given.isfinite().all()
    assert logits.isfinite().all()


@each
def test_every_weight_that_trains_gets_a_gradient(name):
    fusion = make(name)
    given, logits = fuse(fusion, *make_sides(pooled=False))
    (given.square().sum() + logits.square().sum()).backward()
    if name == "summary_concat":  # the text goes to the head as it is
        given, _ = fuse(fusion, *make_sides())
        fusion.fill_text(torch.zeros(B, E), HAS_TEXT).vector().sum().backward()
    without = [n for n, p in fusion.named_parameters() if p.requires_grad and p.grad is None]
    assert not without


@each
def test_rows_do_not_know_of_each_other(name):
    fusion, (tokens, text) = make(name), make_sides(pooled=False)
    together = fuse(fusion, tokens, text)
    for row in range(B):
        one = slice(row, row + 1)
        alone = fuse(fusion, tokens[one], text[one], HAS_IMAGE[one], HAS_TEXT[one])
        for a, b in zip(alone, together, strict=True):
            torch.testing.assert_close(a, b[one])


@each
def test_what_stands_in_for_a_missing_side_does_not_matter(name):
    fusion, (tokens, text) = make(name), make_sides()
    before = fuse(fusion, tokens, text)
    tokens[~HAS_IMAGE], text[~HAS_TEXT] = 99.0, -99.0
    for a, b in zip(fuse(fusion, tokens, text), before, strict=True):
        torch.testing.assert_close(a, b)


@each
def test_padding_behind_a_text_does_not_matter(name):
    fusion, (tokens, text) = make(name), make_sides(pooled=False)
    longer = torch.cat([text, torch.zeros(B, 3, E)], dim=1)
    for a, b in zip(fuse(fusion, tokens, longer), fuse(fusion, tokens, text), strict=True):
        torch.testing.assert_close(a, b)


@each
def test_an_empty_place_before_a_text_does_not_matter(name):
    fusion, (tokens, text) = make(name), make_sides(pooled=False)
    shifted = torch.cat([torch.zeros(B, 2, E), text], dim=1)
    for a, b in zip(fuse(fusion, tokens, shifted), fuse(fusion, tokens, text), strict=True):
        torch.testing.assert_close(a, b)


@each
def test_both_sides_matter_where_they_are(name):
    fusion, (tokens, text) = make(name), make_sides()
    both = torch.ones(B, dtype=torch.bool)
    before = torch.cat([t.flatten(1) for t in fuse(fusion, tokens, text, both, both)], dim=1)
    sides = [(tokens.flip(0), text)]
    if name != "summary_concat":  # which hands the text to the head
        sides.append((tokens, text.flip(0)))
    others = [0, 1, 3, 4]  # the row in the middle stays where it is
    for changed in sides:
        after = torch.cat([t.flatten(1) for t in fuse(fusion, *changed, both, both)], dim=1)
        assert (before - after)[others].abs().amax(dim=1).min() > 1e-4


@pytest.mark.parametrize("name", [name for name, f in FUSIONS.items() if f.keeps_means])
def test_a_mean_of_tokens_may_be_taken_before(name):
    fusion, (tokens, text) = make(name), make_sides()
    given, _ = fuse(fusion, tokens, text)
    of_mean, _ = fuse(fusion, tokens.mean(dim=1, keepdim=True), text)
    torch.testing.assert_close(of_mean[:, 0], given.mean(dim=1))


def test_a_plain_concatenation_is_torchs():
    # The published network: 1,792 values of EfficientNet-B4 beside 676 letter bigrams.
    fusion = Concat(1792, 676, 18, hidden=None, dropout=0.0)
    assert fusion.n_features == 2468
    tokens, text = torch.randn(2, 1, 1792), torch.randn(2, 676)
    both = torch.ones(2, dtype=torch.bool)
    given, _ = fuse(fusion, tokens, text, both, both)
    assert torch.equal(given[:, 0], torch.cat([tokens[:, 0], text], dim=1))


def test_gates_shut_on_a_side_that_is_missing():
    fusion, (tokens, text) = make("gated"), make_sides()
    given, _ = fuse(fusion, tokens, text)
    image_only = torch.tanh(fusion.from_image(tokens))
    torch.testing.assert_close(given[2], image_only[2])  # no text
    text_only = torch.tanh(fusion.from_text(fusion.norm(text)))
    torch.testing.assert_close(given[3, 0], text_only[3])  # no image
    assert isinstance(fusion, Gated)


def test_late_fusion_begins_as_a_product_of_odds():
    fusion = Late(D, E, L)
    torch.nn.init.normal_(fusion.text_head[-1].weight)
    fusion.eval()
    _, text = make_sides()
    words = fusion.fill_text(text, HAS_TEXT)
    logits = torch.randn(B, L)
    total = fusion.finish(logits, HAS_IMAGE, words)
    of_text = fusion.text_head(text)
    torch.testing.assert_close(total[:2], logits[:2] + of_text[:2])
    torch.testing.assert_close(total[2], logits[2])  # no text
    torch.testing.assert_close(total[3], of_text[3])  # no image
    assert torch.equal(total[4], torch.zeros(L))  # neither


def test_attention_looks_at_no_padding():
    fusion, (tokens, text) = make("cross_attention"), make_sides(pooled=False)
    text[0, 2:] = 0
    before, _ = fuse(fusion, tokens, text)
    shorter, _ = fuse(fusion, tokens[:1], text[:1, :2], HAS_IMAGE[:1], HAS_TEXT[:1])
    torch.testing.assert_close(shorter, before[:1])
    assert isinstance(fusion, CrossAttention)


def test_text_alone_keeps_its_mean():
    fusion, text = TextAlone(E), torch.randn(2, T, E)
    text[0, 2:] = 0
    there = torch.tensor([True, True])
    given = fusion(None, None, fusion.fill_text(text, there))
    words = fusion.norm(text)
    torch.testing.assert_close(given[1], words[1])
    torch.testing.assert_close(given.mean(dim=1)[0], words[0, :2].mean(0))


def test_attention_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="n_heads=3 does not divide the width of 16"):
        CrossAttention(D, E, L, width=16, n_heads=3)
