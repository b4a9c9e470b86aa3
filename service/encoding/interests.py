"""What clicks say of a reader: at once where that is a mean, else from the readers' thread."""

from dataclasses import dataclass

from model_store.user_models import Attention, Interest, UserModel
from service.encoding.readers import Readers
from service.ports import Interests, Vectors


def interests(users: UserModel, readers: Readers) -> Interests:
    """The model's interests; ``readers`` encode for a model that has a user encoder."""
    return Together(users, readers) if isinstance(users, Attention) else AtOnce(users)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """Interests that are found sooner than a thread would be woken."""

    users: UserModel

    async def __call__(
        self, history_HD: Vectors, user_id: str | None, *, explained: bool
    ) -> Interest:
        """See ``ports.Interests``."""
        return self.users.interest(history_HD, user_id)


@dataclass(frozen=True, slots=True)
class Together:
    """Interests of readers who are encoded with those who come at the same time."""

    users: Attention
    readers: Readers

    async def __call__(
        self, history_HD: Vectors, user_id: str | None, *, explained: bool
    ) -> Interest:
        """See ``ports.Interests``."""
        interest = await self.readers.interest(self.users, history_HD, user_id)
        if explained and self.users.explanation == "leave_one_out":
            await self.readers.prepare(interest)
        return interest
