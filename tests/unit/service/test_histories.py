from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.catalogue.entry import Entry
from service.catalogue.histories import HistoryRows
from service.domain.fields import ArticleId
from tests.catalogues import new_catalogue, resealed, snapshots_in

ARTICLES = 8
steps = st.lists(
    st.tuples(st.sampled_from(["put", "withdraw", "seal", "click"]), st.integers(0, ARTICLES - 1)),
    max_size=14,
)


@given(steps=steps)
@settings(max_examples=30, deadline=None)
def test_a_history_stands_where_the_catalogue_says_whatever_changed(
    steps: list[tuple[str, int]],
) -> None:
    histories, catalogue = HistoryRows(), new_catalogue(4)
    clicked = [ArticleId("a0"), ArticleId("never")]
    with TemporaryDirectory() as folder, snapshots_in(Path(folder), 4) as snapshots:
        for revision, (step, number) in enumerate(steps, 1):
            article_id = ArticleId(f"a{number}")
            if step == "put":
                entry = Entry(article_id, revision, None, None, None, 0.0, float("inf"))
                catalogue.put([entry], np.ones((1, 4), np.float16))
            elif step == "withdraw":
                catalogue.withdraw(article_id, revision)
            elif step == "seal":
                catalogue = resealed(catalogue, snapshots, position=b"%d-0" % revision)
            else:
                clicked = [*clicked, article_id]
            expected = catalogue.rows(clicked).tolist()
            assert histories.of(catalogue, "u", len(clicked), clicked).tolist() == expected
