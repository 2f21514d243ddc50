"""Files of requests: kept once, with their form and their request, for those they belong to."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select, update

from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, TooManyTries, Unavailable
from service.people.users import add_user
from service.requests import files, moving, pdfs, pictures
from service.requests.askers import Asker
from service.requests.files import Owner, Upload
from service.requests.models import RequestFile
from service.requests.tidy import tidy
from tests.service.requests.conftest import Customer, ask, move_in
from tests.service.requests.papers import paper, picture


def add(
    database: Database,
    folder: Path,
    asker: Asker,
    content: bytes,
    draft: str = "form-1",
    document: str | None = None,
) -> RequestFile:
    """Receive a file as a page does, in its three parts."""
    owner, upload = Owner(asker.name, draft), Upload(content, document)
    with database.unit_of_work() as session:
        if known := files.expect(session, asker, owner, upload):
            return known
    harmless = files.read(upload)
    with database.unit_of_work() as session:
        return files.keep(session, folder, owner, upload, harmless)


def test_photos_of_a_form_come_with_its_request(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    first = add(database, tmp_path, customer.asker, picture())
    again = add(database, tmp_path, customer.asker, picture())
    add(database, tmp_path, customer.asker, picture(colour="blue"), draft="other form")
    assert (first.id, first.request_id) == (again.id, None)
    request = ask(database, customer)
    late = add(database, tmp_path, customer.asker, picture(colour="green"))
    with database.unit_of_work() as session:
        found = session.scalars(select(RequestFile.id).where(RequestFile.request_id == request.id))
        assert sorted(found) == [first.id, late.id]
        served = files.serve(session, tmp_path, customer.asker, first.name)
        assert served.content == pictures.read(picture()).jpeg
        assert served.media == "image/jpeg"
    assert files.path(tmp_path, first.name).stat().st_mode & 0o777 == 0o600


def test_a_neighbour_sees_no_photo(database: Database, customer: Customer, tmp_path: Path) -> None:
    photo = add(database, tmp_path, customer.asker, picture())
    strange = add(database, tmp_path, Asker.of_browser("a"), picture(colour="blue"))
    ask(database, customer)
    others = (move_in(database).asker, Asker.of_browser("b"), Asker.of_conversation(1))
    with database.unit_of_work() as session:
        for other in others:
            for each in (photo, strange):
                with pytest.raises(NotFound):
                    files.serve(session, tmp_path, other, each.name)
        with pytest.raises(NotFound):
            files.serve(session, tmp_path, customer.asker, strange.name)


def test_six_photos_are_enough(database: Database, customer: Customer, tmp_path: Path) -> None:
    for number in range(files.MOST):
        add(database, tmp_path, customer.asker, picture(size=(number + 10, 10)))
    with pytest.raises(Conflict) as refused:
        add(database, tmp_path, customer.asker, picture(colour="white"))
    assert (refused.value.code, refused.value.params) == ("photo.too_many", {"most": 6})


def test_six_are_enough_also_when_they_come_side_by_side(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    photos = [picture(size=(number + 10, 10)) for number in range(files.MOST + 4)]
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(add, database, tmp_path, customer.asker, each) for each in photos]
    refused = [each.exception() for each in sent if each.exception()]
    assert [type(each) for each in refused] == [Conflict] * 4
    with database.unit_of_work() as session:
        kept = files.of_draft(session, customer.asker, "form-1")
    assert len(kept) == files.MOST
    assert len(list(tmp_path.glob("??/*.jpg"))) == files.MOST


def test_a_photo_of_30_megabytes_is_not_even_read(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as refused:
        add(database, tmp_path, customer.asker, picture() + b"\0" * 30 * 1024 * 1024)
    assert (refused.value.code, refused.value.params) == ("photo.too_large", {"most": 10})
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_added_to_what_has_ended(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    request = ask(database, customer)
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, request.request_no)
    with pytest.raises(Conflict) as refused:
        add(database, tmp_path, customer.asker, picture())
    assert refused.value.code == "photo.closed"


def test_files_are_not_sent_by_the_hundred(database: Database, customer: Customer) -> None:
    with database.unit_of_work() as session:
        for number in range(files.ADD_ASKER.most):
            owner = Owner(customer.asker.name, f"draft-{number}")
            files.expect(session, customer.asker, owner, Upload(b"no picture"))
        with pytest.raises(TooManyTries) as refused:
            files.expect(session, customer.asker, owner, Upload(picture()))
    assert refused.value.code == "photo.too_often"


def test_a_paper_is_kept_by_the_name_of_its_document(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    deed = add(database, tmp_path, customer.asker, paper(pages=2), document="title")
    again = add(database, tmp_path, customer.asker, paper(pages=2), document="title")
    lease = add(database, tmp_path, customer.asker, paper(pages=2), document="lease")
    assert (deed.media, deed.pages, deed.width, deed.document) == (
        "application/pdf",
        2,
        None,
        "title",
    )
    assert (again.id, lease.id != deed.id) == (deed.id, True)
    request = ask(database, customer)
    with database.unit_of_work() as session:
        served = files.serve_of(session, tmp_path, request, deed.name)
        assert (served.media, served.content[:5]) == ("application/pdf", b"%PDF-")
        assert session.get_one(RequestFile, deed.id).request_id == request.id
        assert [each.document for each in session.merge(request).files] == ["title", "lease"]
    assert files.path(tmp_path, deed.name, deed.media).suffix == ".pdf"


def test_each_document_has_room_of_its_own(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    for number in range(files.MOST):
        add(database, tmp_path, customer.asker, picture(size=(number + 10, 10)), document="title")
    with pytest.raises(Conflict) as refused:
        add(database, tmp_path, customer.asker, picture(), document="title")
    assert refused.value.code == "photo.too_many"
    assert add(database, tmp_path, customer.asker, picture(), document="lease").id


def test_a_file_of_another_request_is_not_served_with_this_one(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    photo = add(database, tmp_path, customer.asker, picture(), draft="form-1")
    ask(database, customer, key="form-1")
    other = ask(database, customer, key="form-2")
    with database.unit_of_work() as session, pytest.raises(NotFound):
        files.serve_of(session, tmp_path, other, photo.name)


def test_what_the_staff_brings_says_who(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    request = ask(database, customer)
    upload = Upload(picture())
    with database.unit_of_work() as session:
        worker = add_user(session, "13700000001", password_hash=None)
        kept = files.keep(
            session, tmp_path, Owner.of(request), upload, files.read(upload), worker.id
        )
    assert (kept.request_id, kept.by_id) == (request.id, worker.id)


class Watchdog:
    """Lets nothing pass but what it was told is good."""

    def __init__(self, good: bytes = b"", refusal: Refused | None = None) -> None:
        self.good, self.refusal = good, refusal

    def look(self, content: bytes) -> None:
        if content != self.good and self.refusal is not None:
            raise self.refusal


@pytest.mark.parametrize(
    "refusal", [Refused("file.infected"), Unavailable("file.unchecked")], ids=str
)
def test_the_guard_looks_before_anything_is_opened(refusal: Refused) -> None:
    watchdog = Watchdog(picture(), refusal)
    assert files.read(Upload(picture()), watchdog).media == "image/jpeg"
    for strange in (b"no picture", paper()):
        with pytest.raises(Refused) as refused:
            files.read(Upload(strange), watchdog)
        assert refused.value is refusal


def test_a_photo_with_a_paper_at_its_end_is_a_photo() -> None:
    assert not pdfs.is_one(picture() + paper())
    assert files.read(Upload(picture() + paper())).media == "image/jpeg"


def test_what_was_never_sent_goes_in_the_night(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    sent = add(database, tmp_path, customer.asker, picture())
    ask(database, customer)
    unsent = add(database, tmp_path, customer.asker, picture(), draft="left open")
    fresh = add(database, tmp_path, customer.asker, picture(), draft="still open")
    undone = files.path(tmp_path, "ab" + "0" * 30)
    files._write(undone, b"a file whose transaction was undone")
    long_ago = clock.now() - timedelta(days=3)
    with database.unit_of_work() as session:
        session.execute(
            update(RequestFile)
            .where(RequestFile.id.in_([sent.id, unsent.id]))
            .values(added_at=long_ago)
        )
    for each in (sent.name, unsent.name, undone.stem):
        os.utime(files.path(tmp_path, each), (long_ago.timestamp(),) * 2)
    assert tidy(database, tmp_path) == 2
    left = {each.stem for each in tmp_path.glob("??/*.jpg")}
    assert left == {sent.name, fresh.name}


@pytest.mark.usefixtures("december")
def test_papers_go_some_time_after_the_end_and_photos_stay(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    deed = add(database, tmp_path, customer.asker, paper(), document="title")
    photo = add(database, tmp_path, customer.asker, picture())
    other = add(database, tmp_path, customer.asker, paper(), draft="form-2", document="title")
    request, going = ask(database, customer), ask(database, customer, key="form-2")
    with database.unit_of_work() as session:
        moving.cancel(session, customer.asker, request.request_no)
    for days, left in ((90, {deed.name, photo.name, other.name}), (91, {photo.name, other.name})):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
            tidy(database, tmp_path)
        with database.unit_of_work() as session:
            assert set(session.scalars(select(RequestFile.name))) == left
    assert going.closed_at is None
    with database.unit_of_work() as session, pytest.raises(NotFound):
        files.serve(session, tmp_path, customer.asker, deed.name)
