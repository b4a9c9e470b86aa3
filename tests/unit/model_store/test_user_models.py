"""Readers by an exported user encoder: real artefacts of tiny recommenders."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from model_store import layout
from model_store.artefact import Artefact, read
from model_store.errors import Damaged
from model_store.long_term import LongTermUsers, write_long_term
from model_store.manifest import Manifest
from model_store.user_encoder import LONG_TERM, TERMS, UserEncoder
from model_store.user_models import Attention, UserModel, user_model
from tests.attention_artefacts import ARCHITECTURES, WITH_LONG_TERM, WITH_TERMS, Workshop

KNOWN, UNKNOWN = "reader-3", "a newcomer"
WITHOUT_TERMS = sorted(set(ARCHITECTURES) - set(WITH_TERMS))
Float16 = NDArray[np.float16]


@pytest.fixture(params=ARCHITECTURES)
def artefact(request: pytest.FixtureRequest, workshop: Workshop) -> Artefact:
    return workshop.make(request.param).artefact


def history_of(artefact: Artefact, length: int, seed: int = 0) -> Float16:
    drawn = np.random.default_rng(seed).standard_normal((length, artefact.manifest.dimension))
    return drawn.astype(np.float16)


def vector_of(users: UserModel, history_HD: Float16, user_id: str | None) -> Float16:
    (vector_D,) = users.interest(history_HD, user_id).queries_QD
    return vector_D


def test_an_artefact_says_how_its_readers_are_seen(artefact: Artefact, workshop: Workshop) -> None:
    manifest, users = artefact.manifest, user_model(artefact)
    entry = manifest.files[layout.USER_ENCODER]
    architecture = manifest.name.replace("-", "_")
    assert (manifest.scoring.kind, manifest.scoring.history_length) == ("attention", 50)
    assert isinstance(users, Attention)
    assert users.single
    assert users.explanation == ("terms" if architecture in WITH_TERMS else "leave_one_out")
    assert (TERMS in entry.outputs) == (architecture in WITH_TERMS)
    assert (LONG_TERM in entry.inputs) == (architecture in WITH_LONG_TERM)
    assert artefact.path(layout.LONG_TERM_USERS).exists() == (architecture in WITH_LONG_TERM)


@pytest.mark.parametrize("length", [1, 2, 9, 50])
def test_the_vector_is_the_encoders_as_it_is_stored(artefact: Artefact, length: int) -> None:
    history_HD = history_of(artefact, length)
    queries_QD = user_model(artefact).interest(history_HD, KNOWN).queries_QD
    exact_D, _ = UserEncoder(artefact).encode(history_HD, KNOWN)
    assert queries_QD.dtype == np.float16
    assert queries_QD.shape == (1, artefact.manifest.dimension)
    assert np.array_equal(queries_QD[0], exact_D.astype(np.float16))


def test_the_order_of_clicks_is_the_encoders_business(artefact: Artefact) -> None:
    """A GRU hears the newest click last; attention without positions does not."""
    users, history_HD = user_model(artefact), history_of(artefact, 6)
    forwards_D, backwards_D = (
        vector_of(users, some_HD, None) for some_HD in (history_HD, history_HD[::-1])
    )
    same = np.allclose(forwards_D, backwards_D, atol=1e-2)
    assert same == (users.explanation == "terms")


@pytest.mark.parametrize("architecture", WITH_TERMS)
@pytest.mark.parametrize("length", [1, 3, 50])
def test_by_terms_the_clicks_parts_sum_to_the_relevance(
    workshop: Workshop, architecture: str, length: int
) -> None:
    artefact = workshop.make(architecture).artefact
    interest = user_model(artefact).interest(history_of(artefact, length), None)
    vector_D = interest.queries_QD[0].astype(np.float64)
    for candidate_D in history_of(artefact, 20, seed=1):
        relevance = float(candidate_D.astype(np.float64) @ vector_D)
        for given_D in (candidate_D, candidate_D.astype(np.float64)):
            parts_H = interest.explain(given_D)
            assert parts_H.shape == (length,)
            assert parts_H.sum() == pytest.approx(relevance, abs=1e-9)


@pytest.mark.parametrize("architecture", WITH_TERMS)
def test_a_part_is_the_clicks_own_term(workshop: Workshop, architecture: str) -> None:
    artefact = workshop.make(architecture).artefact
    history_HD, (candidate_D,) = history_of(artefact, 5), history_of(artefact, 1, seed=1)
    _, terms_HD = UserEncoder(artefact).encode(history_HD, None)
    assert terms_HD is not None
    parts_H = user_model(artefact).interest(history_HD, None).explain(candidate_D)
    assert parts_H == pytest.approx(terms_HD @ candidate_D.astype(np.float32), abs=2e-2)


@pytest.mark.parametrize("architecture", WITHOUT_TERMS)
@pytest.mark.parametrize("user_id", [KNOWN, UNKNOWN, None])
def test_left_out_a_click_takes_away_what_the_relevance_is_lower_without_it(
    workshop: Workshop, architecture: str, user_id: str | None
) -> None:
    artefact = workshop.make(architecture).artefact
    users, history_HD = user_model(artefact), history_of(artefact, 6)
    interest = users.interest(history_HD, user_id)
    assert users.explanation == "leave_one_out"
    for candidate_D in history_of(artefact, 5, seed=1).astype(np.float64):
        parts_H = interest.explain(candidate_D)
        relevance = float(candidate_D @ interest.queries_QD[0].astype(np.float64))
        for place, part in enumerate(parts_H):
            without_HD = np.delete(history_HD, place, axis=0)
            other_D, _ = UserEncoder(artefact).encode(without_HD, user_id)
            expected = relevance - float(candidate_D @ other_D.astype(np.float64))
            assert part == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("architecture", WITHOUT_TERMS)
def test_without_their_only_click_nothing_is_known_of_a_reader(
    workshop: Workshop, architecture: str
) -> None:
    artefact = workshop.make(architecture).artefact
    interest = user_model(artefact).interest(history_of(artefact, 1), KNOWN)
    candidate_D = history_of(artefact, 1, seed=1)[0].astype(np.float64)
    relevance = float(candidate_D @ interest.queries_QD[0].astype(np.float64))
    assert interest.explain(candidate_D).tolist() == [relevance]


@pytest.mark.parametrize("architecture", WITH_LONG_TERM)
def test_a_reader_who_was_there_in_training_is_seen_by_name(
    workshop: Workshop, architecture: str
) -> None:
    made = workshop.make(architecture)
    users, history_HD = user_model(made.artefact), history_of(made.artefact, 4)
    stored = LongTermUsers.read(made.artefact.path(layout.LONG_TERM_USERS))
    assert made.trained.recommender.long_term is not None
    learned_UL = made.trained.recommender.long_term.weight.detach().numpy()
    names, nobodys_D = made.trained.readers.users, vector_of(users, history_HD, None)
    for name, code in zip(names, made.trained.readers.codes(names), strict=True):
        same = np.array_equal(vector_of(users, history_HD, name), nobodys_D)
        assert np.array_equal(stored.of(name), learned_UL[code])
        assert same == (not learned_UL[code].any())  # hidden in every step, by chance
    assert learned_UL.any(axis=1).sum() > len(names) / 2
    assert stored.of(KNOWN).any()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_reader_who_is_not_known_has_a_long_term_vector_of_zeros(
    workshop: Workshop, architecture: str
) -> None:
    artefact = workshop.make(architecture).artefact
    users, history_HD = user_model(artefact), history_of(artefact, 4)
    nobodys_D = vector_of(users, history_HD, None)
    for user_id in (UNKNOWN, "", "reader-", "reader-33", "reader-3\0", "читатель", "z" * 300):
        assert np.array_equal(vector_of(users, history_HD, user_id), nobodys_D)
    known_D = vector_of(users, history_HD, KNOWN)
    assert np.array_equal(known_D, nobodys_D) == (architecture not in WITH_LONG_TERM)


def test_readers_are_found_whatever_their_names(tmp_path: Path) -> None:
    names = ["b", "a", "aa", "Z", "читатель", "中" * 40, "0", "a b"]
    vectors_UL = np.arange(len(names) * 3, dtype=np.float32).reshape(-1, 3) + 1
    write_long_term(tmp_path / "u.npz", names, vectors_UL)
    stored = LongTermUsers.read(tmp_path / "u.npz")
    for name, vector_L in zip(names, vectors_UL, strict=True):
        assert np.array_equal(stored.of(name), vector_L)
    for other in ("", "c", "aaa", "z", "中" * 39, "a ", "~"):
        assert not stored.of(other).any()


def test_there_may_be_no_readers_at_all(tmp_path: Path) -> None:
    write_long_term(tmp_path / "u.npz", [], np.empty((0, 3), np.float32))
    assert LongTermUsers.read(tmp_path / "u.npz").of("a").tolist() == [0, 0, 0]


def saved(**arrays: NDArray[np.generic]) -> Callable[[Path], None]:
    return lambda path: np.savez(path, **arrays)  # type: ignore[arg-type]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def an_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


NAMES, VECTORS = np.array([b"a", b"b"]), np.zeros((2, 3), np.float32)
DAMAGE: list[Callable[[Path], object]] = [
    Path.unlink,
    cut,
    altered,
    an_array,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"no archive"),
    lambda path: path.write_bytes(b"PK\3\4 and no more"),
    saved(user_ids=NAMES),
    saved(vectors=VECTORS),
    saved(user_ids=NAMES, vectors=VECTORS[:1]),
    saved(user_ids=NAMES, vectors=VECTORS[0]),
    saved(user_ids=NAMES.astype(str), vectors=VECTORS),
    saved(user_ids=NAMES.astype(object), vectors=VECTORS),
    saved(user_ids=NAMES[:, np.newaxis], vectors=VECTORS),
    saved(user_ids=NAMES, vectors=VECTORS.astype(str)),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_does_not_hold_readers_vectors_is_refused(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    path = tmp_path / "long_term_users.npz"
    write_long_term(path, ["a", "b"], np.ones((2, 300), np.float32))
    damage(path)
    with pytest.raises(Damaged, match=r"long_term_users\.npz"):
        LongTermUsers.read(path)


@pytest.fixture
def copied(workshop: Workshop, tmp_path: Path) -> Artefact:
    """An LSTUR artefact that may be spoiled."""
    folder = workshop.make("lstur").artefact.folder
    target = tmp_path / folder.parent.name / folder.name
    shutil.copytree(folder, target)
    return read(target)


@pytest.mark.parametrize("name", [layout.USER_ENCODER, layout.LONG_TERM_USERS])
@pytest.mark.parametrize("damage", [Path.unlink, cut, altered])
def test_a_damaged_file_is_refused_when_the_artefact_is_read(
    copied: Artefact, name: str, damage: Callable[[Path], object]
) -> None:
    damage(copied.path(name))
    with pytest.raises(Damaged, match=name):
        read(copied.folder)


@pytest.mark.parametrize("name", [layout.USER_ENCODER, layout.LONG_TERM_USERS])
def test_a_file_that_went_later_is_refused_when_it_is_loaded(copied: Artefact, name: str) -> None:
    copied.path(name).unlink()
    with pytest.raises(Damaged, match=name):
        user_model(copied)


def test_a_user_encoder_that_is_no_encoder_is_refused(copied: Artefact) -> None:
    copied.path(layout.USER_ENCODER).write_bytes(b"no graph")
    with pytest.raises(Damaged, match=r"user_encoder\.onnx does not load"):
        user_model(copied)


def test_a_vector_that_is_no_number_is_refused(workshop: Workshop) -> None:
    users = user_model(workshop.make("nrms").artefact)
    history_HD = np.full_like(history_of(workshop.make("nrms").artefact, 3), np.nan)
    with pytest.raises(Damaged, match="not finite"):
        users.interest(history_HD, None)


@pytest.mark.parametrize(
    ("architecture", "missing"),
    [
        ("nrms", layout.USER_ENCODER),
        ("lstur", layout.USER_ENCODER),
        ("lstur", layout.LONG_TERM_USERS),
        ("lstur_con", layout.LONG_TERM_USERS),
    ],
)
def test_a_manifest_lists_all_that_attention_needs(
    workshop: Workshop, architecture: str, missing: str
) -> None:
    artefact = workshop.make(architecture).artefact
    fields = json.loads(artefact.manifest.model_dump_json())
    assert Manifest.model_validate(fields) == artefact.manifest
    del fields["files"][missing]
    with pytest.raises(ValidationError, match=f"files are not listed: {missing}"):
        Manifest.model_validate(fields)


def test_readers_vectors_are_asked_for_only_where_they_are_read(workshop: Workshop) -> None:
    manifest = workshop.make("nrms").artefact.manifest
    assert layout.LONG_TERM_USERS not in manifest.files
