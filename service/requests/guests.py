"""Without a sign-in: a code to the phone of a request shows that its customer is asking.

Whoever knows the number and the end of the phone sees the steps (`reading.by_phone_tail`). Whoever
reads the code from the phone is a party to this one request for a day: the browser keeps which
(`Asker.proven`).
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from runtime.errors import NotFound
from service.people import codes, proof
from service.requests import reading

PROVEN_FOR = timedelta(days=1)


def phone(session: Session, request_no: str) -> str:
    """The phone of a request. Raises NotFound, also where none was left."""
    found = reading.any_request(session, request_no).phone
    if found is None:
        raise NotFound("request.not_found")
    return found


def send_code(session: Session, request_no: str, *, address: str, language: str) -> None:
    """Send a code to the phone of a request. Raises NotFound, and as `codes.send_code`."""
    codes.send_code(
        session,
        codes.FOLLOW,
        phone(session, request_no),
        subject=request_no,
        address=address,
        language=language,
    )


def prove(session: Session, request_no: str, code: str, *, address: str) -> None:
    """Accept the code of a request. Raises as `proof.require_code`."""
    proof.require_code(session, codes.FOLLOW, request_no, code, address)


def seconds_to_wait(session: Session, request_no: str) -> int:
    """Whole seconds until another code may be asked for."""
    return codes.seconds_to_wait(session, codes.FOLLOW, request_no)
