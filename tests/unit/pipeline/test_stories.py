from hypothesis import given
from hypothesis import strategies as st

from service.domain.policy import Duplicates
from service.pipeline.reranking.stories import jaccard, same_story, words_of
from tests.unit.pipeline.candidates_drawn import entry

RULE = Duplicates(similarity=0.7, overlap=0.5, certain=0.95)


def test_near_vectors_need_words_or_entities_in_common() -> None:
    storm, again = entry(0, "Storm closes the harbour"), entry(1, "The harbour: storm closes it")
    other = entry(2, "Harbour festival opens")
    assert same_story(storm, again, 0.8, RULE)
    assert not same_story(storm, other, 0.8, RULE)
    assert not same_story(storm, again, 0.6, RULE)
    assert same_story(storm, other, 0.96, RULE)


def test_entities_say_so_across_languages() -> None:
    english = entry(0, "Storm closes the harbour", entities=("Q1", "Q2"))
    german = entry(1, "Sturm legt Hafen lahm", entities=("Q2", "Q1"))
    assert same_story(english, german, 0.75, RULE)


def test_scripts_without_spaces_are_compared_by_pairs() -> None:
    assert words_of("台风关闭港口") == {"台风", "风关", "关闭", "闭港", "港口"}
    assert jaccard(words_of("台风关闭港口"), words_of("台风令港口关闭")) > 0.25
    assert words_of("Straße") == words_of("STRASSE")


@given(st.text(), st.text(), st.floats(0, 1))
def test_it_is_the_same_both_ways(one: str, other: str, cosine: float) -> None:
    first, second = entry(0, one), entry(1, other)
    assert same_story(first, second, cosine, RULE) == same_story(second, first, cosine, RULE)


def test_nothing_in_common_is_not_everything() -> None:
    assert jaccard(frozenset(), frozenset()) == 0
