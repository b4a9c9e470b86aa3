"""What each news encoder reads, and how it makes one vector of it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from training.data.features import Vocabularies
from training.errors import BadRecipe
from training.models.build import build
from training.models.news.encoder import NewsEncoder
from training.models.news.labels import DIMENSION as TOPIC_DIMENSION
from training.models.news.lstur import Lstur
from training.models.news.naml import Naml
from training.recipe import Recipe

DIMENSION = 24
LABELS = Vocabularies(("news", "sport"), ("football", "golf", "politics"))
TITLE, ABSTRACT = ["input_ids", "attention_mask"], ["abstract_input_ids", "abstract_attention_mask"]
CATEGORIES = ["category_id", "subcategory_id"]


def encoder_of(folder: Path, news: str, labels: Vocabularies = LABELS) -> NewsEncoder:
    recipe = Recipe.model_validate(
        {
            "name": "tiny",
            "source": "a test",
            "text": {
                "encoder": {"kind": "transformer", "folder": folder, "trained_layers": 1},
                "pooling": "convolution",
                "dimension": DIMENSION,
            },
            "news": news,
            "users": {"kind": "mean"},
        }
    )
    return build(recipe, [], labels, readers=0)[0].news.eval()


@pytest.fixture
def naml(tiny_bert: Path) -> Naml:
    encoder = encoder_of(tiny_bert, "naml")
    assert isinstance(encoder, Naml)
    return encoder


def text(*lengths: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    width = max(*lengths, 1)
    random = torch.Generator().manual_seed(seed)
    ids_BT = torch.randint(5, 80, (len(lengths), width), generator=random)
    return ids_BT, (torch.arange(width) < torch.tensor(lengths).unsqueeze(1)).to(torch.int64)


def ids(*codes: int) -> Tensor:
    return torch.tensor(codes)


def views(naml: Naml, *inputs: Tensor) -> dict[str, Tensor]:
    """The vectors that the attention is given."""
    title_ids, title_mask, abstract_ids, abstract_mask, category, subcategory = inputs
    return {
        "title": naml.texts["title"](title_ids, title_mask),
        "abstract": naml.texts["abstract"](abstract_ids, abstract_mask),
        "category": naml.labels["category_id"](category),
        "subcategory": naml.labels["subcategory_id"](subcategory),
    }


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ("title", TITLE),
        ("naml", [*TITLE, *ABSTRACT, *CATEGORIES]),
        ("lstur", [*TITLE, *CATEGORIES]),
    ],
)
def test_the_inputs_stand_in_the_artefacts_order(
    tiny_bert: Path, news: str, expected: list[str]
) -> None:
    assert list(encoder_of(tiny_bert, news).inputs) == expected


@torch.no_grad()
def test_a_title_alone_is_the_titles_vector(tiny_bert: Path) -> None:
    encoder, given = encoder_of(tiny_bert, "title"), text(5, 2)
    assert torch.equal(encoder(*given), encoder.texts["title"](*given))


@torch.no_grad()
def test_naml_attends_to_all_four_views(naml: Naml) -> None:
    given = (*text(5, 2), *text(7, 4, seed=2), ids(1, 2), ids(3, 1))
    stacked_BVD = torch.stack(list(views(naml, *given).values()), dim=1)
    expected_BD = naml.attend(stacked_BVD, torch.ones(2, 4))
    torch.testing.assert_close(naml(*given), expected_BD)


@torch.no_grad()
def test_an_absent_abstract_has_no_weight_whatever_its_tokens_are(naml: Naml) -> None:
    title, categories = text(5, 2), (ids(1, 2), ids(3, 1))
    absent = text(0, 0, seed=2)
    vectors_BD = naml(*title, *absent, *categories)
    torch.testing.assert_close(naml(*title, absent[0] + 7, absent[1], *categories), vectors_BD)
    given = views(naml, *title, *absent, *categories)
    three_BVD = torch.stack([given["title"], given["category"], given["subcategory"]], dim=1)
    torch.testing.assert_close(vectors_BD, naml.attend(three_BVD, torch.ones(2, 3)))


@torch.no_grad()
def test_an_unknown_category_has_no_weight(naml: Naml) -> None:
    texts = (*text(5, 2), *text(7, 4, seed=2))
    vectors_BD = naml(*texts, ids(0, 0), ids(3, 0))
    given = views(naml, *texts, ids(0, 0), ids(3, 0))
    of_first = [given["title"][:1], given["abstract"][:1], given["subcategory"][:1]]
    of_second = [given["title"][1:], given["abstract"][1:]]
    for row, shown in enumerate((of_first, of_second)):
        stacked_1VD = torch.stack(shown, dim=1)
        expected_1D = naml.attend(stacked_1VD, torch.ones(1, len(shown)))
        torch.testing.assert_close(vectors_BD[[row]], expected_1D)


@torch.no_grad()
def test_what_an_unknown_label_would_look_like_does_not_matter(naml: Naml) -> None:
    given = (*text(5), *text(0), ids(0), ids(0))
    before_BD = naml(*given)
    for label in naml.labels.values():
        assert isinstance(label, nn.Sequential)
        nn.init.constant_(label[1].bias, 5.0)
    torch.testing.assert_close(naml(*given), before_BD)
    torch.testing.assert_close(before_BD, naml.texts["title"](*given[:2]))


@torch.no_grad()
def test_news_without_any_view_are_zero(naml: Naml) -> None:
    assert not naml(*text(0), *text(0), ids(0), ids(0)).any()


def test_namls_texts_share_the_transformer_and_nothing_behind_it(naml: Naml) -> None:
    title, abstract = naml.texts["title"], naml.texts["abstract"]
    assert title.trained is abstract.trained
    assert title.frozen is abstract.frozen
    assert title.pool is not abstract.pool


@torch.no_grad()
def test_lstur_puts_the_topics_behind_the_title(tiny_bert: Path) -> None:
    encoder, title = encoder_of(tiny_bert, "lstur"), text(5, 2)
    assert isinstance(encoder, Lstur)
    vectors_BD = encoder(*title, ids(1, 0), ids(2, 3))
    parts = [encoder.topics[name] for name in CATEGORIES]
    assert encoder.dimension == vectors_BD.shape[1] == DIMENSION + 2 * TOPIC_DIMENSION
    assert torch.equal(vectors_BD[:, :DIMENSION], encoder.texts["title"](*title))
    category_BD, subcategory_BD = vectors_BD[:, DIMENSION:].chunk(2, dim=1)
    assert torch.equal(category_BD, parts[0](ids(1, 0)))
    assert torch.equal(subcategory_BD, parts[1](ids(2, 3)))
    assert not category_BD[1].any()
    assert category_BD[0].any()


@pytest.mark.parametrize("news", ["naml", "lstur"])
def test_news_without_categories_are_refused_where_categories_are_read(
    tiny_bert: Path, news: str
) -> None:
    with pytest.raises(BadRecipe, match=f"{news} reads categories, and the news have none"):
        encoder_of(tiny_bert, news, Vocabularies((), ()))


def test_naml_reads_categories_that_have_no_subcategories(tiny_bert: Path) -> None:
    encoder = encoder_of(tiny_bert, "naml", Vocabularies(("news",), ()))
    assert encoder(*text(4), *text(3), ids(1), ids(0)).isfinite().all()
