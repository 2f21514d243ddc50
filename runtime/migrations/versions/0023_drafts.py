"""Forms that were not sent yet, and documents beside photos."""

from alembic import op
from sqlalchemy import text

revision = "0023_drafts"
down_revision = "0022_inbox"
branch_labels = None
depends_on = None

CREATE = (
    # A file may be a PDF, stand for a document of the kind, or come from the staff.
    """
    ALTER TABLE request_photo
        ADD COLUMN media VARCHAR(16) DEFAULT 'image/jpeg' NOT NULL,
        ADD COLUMN document VARCHAR(32),
        ADD COLUMN by_id BIGINT,
        ADD COLUMN pages INTEGER,
        ALTER COLUMN width DROP NOT NULL,
        ALTER COLUMN height DROP NOT NULL,
        DROP CONSTRAINT ck_request_photo_size,
        ADD CONSTRAINT ck_request_photo_size CHECK (
            size > 0 and width > 0 and height > 0 and pages > 0
        ),
        ADD CONSTRAINT ck_request_photo_media CHECK (
            case media when 'image/jpeg' then num_nonnulls(width, height) = 2 and pages is null
            when 'application/pdf' then num_nulls(width, height) = 2 and pages is not null
            else false end
        ),
        DROP CONSTRAINT uq_request_photo_asker_draft_sha256,
        ADD CONSTRAINT uq_request_photo_asker_draft_sha256_document
            UNIQUE NULLS NOT DISTINCT (asker, draft, sha256, document),
        ADD CONSTRAINT fk_request_photo_by_id_user_account
            FOREIGN KEY (by_id) REFERENCES user_account (id)
    """,
)
DROP = (
    # What photos alone could not be is lost.
    "DELETE FROM request_photo WHERE media <> 'image/jpeg' OR document IS NOT NULL",
    """
    ALTER TABLE request_photo
        DROP CONSTRAINT fk_request_photo_by_id_user_account,
        DROP CONSTRAINT ck_request_photo_media,
        DROP CONSTRAINT ck_request_photo_size,
        DROP CONSTRAINT uq_request_photo_asker_draft_sha256_document,
        ADD CONSTRAINT uq_request_photo_asker_draft_sha256 UNIQUE (asker, draft, sha256),
        DROP COLUMN media,
        DROP COLUMN document,
        DROP COLUMN by_id,
        DROP COLUMN pages,
        ALTER COLUMN width SET NOT NULL,
        ALTER COLUMN height SET NOT NULL,
        ADD CONSTRAINT ck_request_photo_size CHECK (width > 0 and height > 0 and size > 0)
    """,
)


def upgrade() -> None:
    for statement in CREATE:
        op.execute(text(statement))


def downgrade() -> None:
    for statement in DROP:
        op.execute(text(statement))
