"""The door: who gets in, who does not, and what stands on the page then."""

from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.conftest import create_user, post, sign_in


def test_a_customer_signs_in_and_out(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert client.get("/profile").status_code == 200
    assert post(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/profile").status_code == 302
