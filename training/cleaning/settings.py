"""What a text must be to stay."""

from pydantic import Field

from training.recipe import Settings


class Cleaning(Settings):
    """The bounds of every check."""

    least_letters: int = Field(default=2, ge=1)
    most_characters: int = Field(default=5_000, ge=1)
    script_share: float = Field(
        default=0.5, gt=0, le=1, description="so many of the words are in the language's scripts"
    )
    language_check: bool = True
    language_odds: float = Field(
        default=100.0, gt=1, description="a text goes if another language is so much likelier"
    )
    shingle: int = Field(default=5, ge=1, description="words in a row that texts are compared by")
    threshold: float = Field(
        default=0.9, gt=0, le=1, description="the Jaccard similarity of near-duplicates"
    )
