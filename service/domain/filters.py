"""What a caller allows in an answer."""

from typing import Annotated

from pydantic import Field

from service.domain.fields import Incoming, Label, Language, Time

Languages = Annotated[list[Language], Field(max_length=100)]
Labels = Annotated[list[Label], Field(max_length=100)]


class Filters(Incoming):
    """Every given filter must hold. A list admits articles with any of its values.

    Times are half open: ``published_after`` ≤ published < ``published_before``.
    """

    languages: Languages | None = None
    categories: Labels | None = None
    sources: Labels | None = None
    published_after: Time | None = None
    published_before: Time | None = None
    exclude_languages: Languages | None = None
    exclude_categories: Labels | None = None
    exclude_sources: Labels | None = None

    def contradiction(self) -> str | None:
        """Why no article at all can pass, or None."""
        after, before = self.published_after, self.published_before
        if after is not None and before is not None and after >= before:
            return "published_after is not before published_before"
        for wanted, refused, name in (
            (self.languages, self.exclude_languages, "languages"),
            (self.categories, self.exclude_categories, "categories"),
            (self.sources, self.exclude_sources, "sources"),
        ):
            if wanted == []:
                return f"{name} is empty, and admits nothing"
            if wanted is not None and not set(wanted) - set(refused or ()):
                return f"{name} admits nothing that exclude_{name} does not exclude"
        return None
