"""People: who ended a link; languages only where chosen; recipients that can be forgotten."""

from alembic import op
from sqlalchemy import text

from runtime.crypto import KeyRing
from runtime.settings import CryptoSettings, load

revision = "0005_people"
down_revision = "0004_notifications"
branch_labels = None
depends_on = None

RECIPIENT = "message.recipient"


def upgrade() -> None:
    op.execute(
        text("""
        ALTER TABLE link
            ADD COLUMN ended_by BIGINT,
            ADD CONSTRAINT fk_link_ended_by_user_account
                FOREIGN KEY (ended_by) REFERENCES user_account (id)
        """)
    )
    op.execute(text("ALTER TABLE user_account ALTER COLUMN language DROP NOT NULL"))
    # Everybody had Chinese, whether they had chosen it or not.
    op.execute(text("UPDATE user_account SET language = NULL WHERE language = 'zh'"))
    op.execute(text("ALTER TABLE message ADD COLUMN recipient_index BYTEA"))
    _index_recipients()
    op.execute(
        text("""
        ALTER TABLE message
            ALTER COLUMN recipient_index SET NOT NULL,
            ALTER COLUMN recipient DROP NOT NULL
        """)
    )


def _index_recipients() -> None:
    """The index needs the keys of this installation; an empty table needs none."""
    connection = op.get_bind()
    sealed = connection.execute(text("SELECT id, recipient FROM message")).all()
    if not sealed:
        return
    ring = KeyRing.from_settings(load(CryptoSettings))
    connection.execute(
        text("UPDATE message SET recipient_index = :index WHERE id = :id"),
        [
            {"id": number, "index": ring.blind_index(ring.decrypt(each, RECIPIENT), RECIPIENT)}
            for number, each in sealed
        ],
    )


def downgrade() -> None:
    # The old form has no room for a message whose recipient is forgotten.
    op.execute(text("DELETE FROM message WHERE recipient IS NULL"))
    op.execute(
        text("""
        ALTER TABLE message
            ALTER COLUMN recipient SET NOT NULL,
            DROP COLUMN recipient_index
        """)
    )
    op.execute(text("UPDATE user_account SET language = 'zh' WHERE language IS NULL"))
    op.execute(text("ALTER TABLE user_account ALTER COLUMN language SET NOT NULL"))
    op.execute(text("ALTER TABLE link DROP COLUMN ended_by"))
