"""The door: who gets in, who does not, and what stands on the page then."""

from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.conftest import create_user, sign_in


def test_a_customer_signs_in_and_out(client: FlaskClient, database: Database) -> None:
    create_user(database)
    sign_in(client)
    assert client.get("/profile").status_code == 200
    assert post_from_inside(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/profile").status_code == 302


def post_from_inside(client: FlaskClient, path: str, **fields: str):  # type: ignore[no-untyped-def]
    page = client.get("/profile").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return client.post(path, data={"csrf_token": token, **fields})
