"""Recipes: valid, changed from the command line, found by name or in a file."""

import json
from pathlib import Path

import pytest
from pydantic import Field

from training import recipes
from training.errors import BadRecipe
from training.recipe import Lora, MultiTask, Recipe, Settings, Transformer, WordVectors

NAMES = recipes.names()


@pytest.fixture
def nrms() -> Recipe:
    return recipes.find("nrms")


def test_the_papers_recipes_are_there() -> None:
    papers = {"nrms", "nrms-words", "naml", "lstur", "additive", "late-fusion", "mtrec"}
    assert papers | {"inclined"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_recipe_bears_its_files_name_and_survives_json(name: str) -> None:
    recipe = recipes.find(name)
    assert recipe.name == name
    assert recipe.source
    assert Recipe.validated(json.loads(recipe.model_dump_json())) == recipe
    assert recipe.changed([]) == recipe


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_found_in_a_json_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    recipe = recipes.find(name)
    path.write_text(recipe.model_dump_json(indent=2), encoding="utf-8")
    assert recipes.find(str(path)) == recipe


def test_an_unknown_recipe_is_told_which_there_are() -> None:
    with pytest.raises(BadRecipe, match="there is no recipe 'nmrs'") as raised:
        recipes.find("nmrs")
    assert all(name in str(raised.value) for name in NAMES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        ("{", "is not JSON"),
        ("\N{PILE OF POO}".encode("utf-16"), "is not JSON"),
        ("{}", "name: Field required"),
        ("[]", "the recipe: "),
        ('{"nane": 1}', "name: Field required"),
    ],
)
def test_a_file_that_holds_no_recipe_says_why(
    tmp_path: Path, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadRecipe, match=message):
        recipes.find(str(path))


def test_nested_settings_are_changed_and_the_rest_stays(nrms: Recipe) -> None:
    changed = nrms.changed(
        [
            "users.heads=16",
            "text.encoder.folder=models/tiny",
            "text.encoder.trained_layers=null",
            'text.encoder.lora={"rank": 3}',
            "text.template={title}: {abstract}",
            "training.seed=7",
        ]
    )
    encoder = changed.text.encoder
    assert isinstance(encoder, Transformer)
    assert encoder.folder == Path("models/tiny")
    assert encoder.trained_layers is None
    assert encoder.lora == Lora(rank=3)
    assert changed.text.template == "{title}: {abstract}"
    assert (changed.users.heads, changed.training.seed) == (16, 7)
    assert changed.users.kind == nrms.users.kind
    assert changed.training.epochs == nrms.training.epochs


def test_a_whole_part_is_changed_at_once(nrms: Recipe) -> None:
    changed = nrms.changed(['text.encoder={"kind": "words", "dimension": 50}'])
    assert changed.text.encoder == WordVectors(dimension=50)


def test_any_recipe_may_have_other_tasks_and_mtrec_none(nrms: Recipe) -> None:
    assert nrms.multi_task is None
    assert nrms.changed(["multi_task={}"]).multi_task == MultiTask()
    only = nrms.changed(["multi_task.surgery=none", 'multi_task.heads=["entities"]']).multi_task
    assert only == MultiTask(surgery="none", heads=("entities",))
    assert recipes.find("mtrec").changed(["multi_task=null"]).multi_task is None


def test_a_change_leaves_the_recipe_itself_as_it_is(nrms: Recipe) -> None:
    before = nrms.model_dump_json()
    nrms.changed(["users.heads=16"])
    assert nrms.model_dump_json() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("users.head=16", "users.head: there is no head; there are kind, heads, dropout"),
        ("user.heads=16", "user.heads: there is no user; there are name, source, text"),
        ("users.heads.more=1", "users.heads.more: there is no heads"),
        ("users.heads=many", "users.heads: Input should be a valid integer"),
        ("users.heads=0", "users.heads: Input should be greater than or equal to 1"),
        ("users.kind=nmrs", "users.kind: Input should be 'nrms'"),
        ("text.pooling=maximum", "text.pooling"),
        ("text.encoder.kind=glove", "text.encoder: Input tag 'glove'"),
        ("training.epochs=1.5", "training.epochs: Input should be a valid integer"),
        ("training.history_length=1001", "training.history_length"),
        ("training=fast", "training: Input should be an object"),
        ("name=No Blanks", "name: String should match pattern"),
        ("users.heads", "'users.heads' is not of the form path.to.setting=value"),
        ("users.heads={16", "users.heads: Input should be a valid integer"),
    ],
)
def test_a_change_that_does_not_fit_says_where(nrms: Recipe, change: str, message: str) -> None:
    with pytest.raises(BadRecipe) as raised:
        nrms.changed([change])
    assert message in str(raised.value)


def test_a_setting_that_there_is_none_of_is_refused_in_a_document(nrms: Recipe) -> None:
    document = nrms.model_dump(mode="json")
    document["training"]["batchsize"] = 3
    with pytest.raises(BadRecipe, match=r"training\.batchsize: Extra inputs are not permitted"):
        Recipe.validated(document)


class Encoder(Settings):
    folder: Path
    prefix: str = ""


class Several(Settings):
    encoders: dict[str, Encoder] = Field(default={})
    languages: dict[str, tuple[str, ...]] = Field(default={"zh": ("a",)})
    other: Lora = Lora()


def test_in_a_mapping_the_names_are_the_users_own() -> None:
    changes = ["encoders.mini.folder=here", "encoders.mini.prefix=query: ", 'languages.de=["b"]']
    found = Several().changed(changes)
    assert found.encoders == {"mini": Encoder(folder=Path("here"), prefix="query: ")}
    assert found.languages == {"zh": ("a",), "de": ("b",)}
    assert found.changed(["encoders.mini.prefix="]).encoders["mini"].prefix == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("encoders.mini.prefix=x", "encoders.mini.folder: Field required"),
        ('encoders.mini={"folder": "x", "fodler": "y"}', "encoders.mini.fodler: Extra inputs"),
        ("other.rnak=3", "other.rnak: there is no rnak"),
        ("others.mini=3", "others.mini: there is no others"),
    ],
)
def test_what_stands_under_such_a_name_is_checked(change: str, said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        Several().changed([change])
