"""The browsers in which people asked to be reminded."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

import service.models  # noqa: F401 - subscriptions refer to users
from runtime.crypto import EncryptedText
from runtime.database import Base

ENDPOINT = "push_subscription.endpoint"
"""The context of its encryption and of its blind index."""


class PushSubscription(Base):
    """A browser's address at its push service, and the keys of whoever reads there.

    Ended rows stay for a while, so that it can be seen why nothing comes any more.
    """

    __tablename__ = "push_subscription"
    __table_args__ = (
        Index("ix_push_subscription_user", "user_id", postgresql_where=text("ended_at is null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    endpoint: Mapped[str] = mapped_column(EncryptedText(ENDPOINT))
    endpoint_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    p256dh: Mapped[str] = mapped_column(String(96))
    auth: Mapped[str] = mapped_column(EncryptedText("push_subscription.auth"))
    device: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
