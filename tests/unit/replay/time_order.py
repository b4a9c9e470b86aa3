"""What must hold for every log, wherever it comes from: nothing is known before its time."""

from service.replay.log import Log


def check_time_order(log: Log) -> None:
    """Impressions, histories and first sightings stand in the order of time."""
    times = [impression.seconds for impression in log.impressions]
    assert times == sorted(times)
    assert (log.began, log.ended) == (times[0], times[-1])
    assert log.articles.keys() == log.first_seen.keys()
    assert all(article_id == article.article_id for article_id, article in log.articles.items())
    met: set[str] = set()
    for impression in log.impressions:
        clicked_at = [click.seconds for click in impression.history]
        assert clicked_at == sorted(clicked_at)
        assert not clicked_at or clicked_at[-1] < impression.seconds
        assert not (impression.history and impression.user_id in met)
        met.add(impression.user_id)
    sightings: dict[str, float] = {}
    for impression in log.impressions:
        clicks = (*impression.history, *impression.clicked)
        seen = [(click.article_id, click.seconds) for click in clicks]
        seen += [(article_id, impression.seconds) for article_id in impression.shown]
        for article_id, seconds in seen:
            sightings[article_id] = min(seconds, sightings.get(article_id, seconds))
    assert sightings == log.first_seen
