"""A small newsroom: articles of a few categories, sources and languages."""

from datetime import UTC, datetime, timedelta

import httpx

SUBJECTS = {
    "football": [
        "Late goal decides the cup final",
        "Striker signs for three more years",
        "Coach leaves the club after defeat",
        "Fans fill the stadium for the derby",
    ],
    "money": [
        "Central bank raises interest rates",
        "Loans grow dearer for home buyers",
        "Shares fall as inflation returns",
        "Savings banks lower their fees",
    ],
    "food": [
        "Ten soups for cold evenings",
        "How to bake rye bread at home",
        "The best apples for a pie",
        "A pan that lasts a lifetime",
    ],
}


def stock(service: httpx.Client) -> None:
    """Fill the service: the last of each subject is the newest, an hour apart."""
    now = datetime.now(UTC)
    articles = [
        {
            "article_id": f"{subject}-{number}",
            "title": title,
            "category": subject,
            "source": f"source-{number % 2}",
            "author": f"author-{number}",
            "language": "de" if number == 3 else "en",
            "published_at": (now - timedelta(hours=4 - number)).isoformat(),
        }
        for subject, titles in SUBJECTS.items()
        for number, title in enumerate(titles)
    ]
    answer = service.post("/v1/articles", json=articles)
    assert answer.json()["rejected"] == 0, answer.text
