"""PDFs: washed until nothing but the pages is left, and refused when they bite."""

import zlib
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from runtime.errors import Refused
from service.requests import pdfs
from service.requests.pdf_washing import without_notes
from tests.service.requests.papers import paper, picture
from tests.service.requests.test_pictures import with_place


def changed(content: bytes, change: Any, **save: Any) -> bytes:
    """A PDF after `change` was made to it."""
    written = BytesIO()
    with pikepdf.open(BytesIO(content)) as opened:
        change(opened)
        opened.save(written, **save)
    return written.getvalue()


def text_of(content: bytes) -> bytes:
    """Everything in a PDF, unpacked."""
    written = BytesIO()
    with pikepdf.open(BytesIO(content)) as opened:
        opened.save(
            written,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            compress_streams=False,
        )
    return written.getvalue()


def arm(opened: Pdf) -> None:
    """Everything that a PDF may do or hide beside being read."""
    script = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
    opened.Root.OpenAction = script
    opened.Root.AA = Dictionary(WC=script)
    opened.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array(["a", script])))
    opened.Root.AcroForm = Dictionary(Fields=Array([]), XFA="<xfa/>")
    opened.attachments["virus.exe"] = b"MZ attached program"
    opened.trailer.Info = opened.make_indirect(Dictionary(Author="Somebody At Home"))
    opened.Root.Metadata = Stream(opened, b"<x:xmpmeta>whose camera</x:xmpmeta>")
    page = opened.pages[0].obj
    page.AA = Dictionary(O=script)
    page.Metadata = Stream(opened, b"metadata of the page")
    page.PieceInfo = Dictionary(Secret=Dictionary(Private="left by an editor"))
    page.Annots = Array(
        [
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=Array([0, 0, 9, 9]),
                A=Dictionary(S=Name.Launch, F="cmd.exe"),
            )
        ]
    )


def test_nothing_is_left_but_the_page() -> None:
    armed = changed(paper("Title deed"), arm)
    before, washed = text_of(armed), pdfs.read(armed)
    after = text_of(washed.content)
    for each in (
        b"app.alert",
        b"JavaScript",
        b"/AA",
        b"OpenAction",
        b"AcroForm",
        b"/XFA",
        b"xmpmeta",
        b"attached program",
        b"virus.exe",
        b"Somebody At Home",
        b"metadata of the page",
        b"left by an editor",
        b"Launch",
        b"cmd.exe",
    ):
        assert each in before, each
        assert each not in after, each
    assert b"(Title deed 1) Tj" in after
    assert washed.pages == 1
    with pikepdf.open(BytesIO(washed.content)) as clean:
        assert set(clean.Root.keys()) == {"/Type", "/Pages"}
        assert set(clean.trailer.keys()) == {"/Root", "/Size", "/ID"}


def test_what_was_filled_in_stays_to_be_read() -> None:
    """The values of a form become part of its page."""

    def fill_in(opened: Pdf) -> None:
        looks = Stream(opened, b"BT /F1 12 Tf (Wang) Tj ET")
        looks.Type, looks.Subtype, looks.BBox = Name.XObject, Name.Form, Array([0, 0, 90, 20])
        field = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="name",
            V="Wang",
            F=4,
            Rect=Array([10, 10, 100, 30]),
            AP=Dictionary(N=looks),
        )
        placed = opened.make_indirect(field)
        opened.pages[0].obj.Annots = Array([placed])
        opened.Root.AcroForm = Dictionary(Fields=Array([placed]))

    after = text_of(pdfs.read(changed(paper(), fill_in)).content)
    assert b"(Wang) Tj" in after
    assert b"/Annots" not in after


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed once more"])
def test_where_a_photo_on_a_page_was_taken_is_gone(packed: bool) -> None:
    def hang(opened: Pdf) -> None:
        photo = Stream(opened, zlib.compress(with_place()) if packed else with_place())
        photo.Type, photo.Subtype, photo.Width, photo.Height = Name.XObject, Name.Image, 40, 30
        photo.ColorSpace, photo.BitsPerComponent = Name.DeviceRGB, 8
        filters = [Name.FlateDecode, Name.DCTDecode] if packed else [Name.DCTDecode]
        photo.Filter = Array(filters)
        opened.pages[0].obj.Resources.XObject = Dictionary(P=photo)

    with pikepdf.open(BytesIO(pdfs.read(changed(paper(), hang)).content)) as clean:
        photo = clean.pages[0].obj.Resources.XObject.P
        assert photo.read_raw_bytes() == without_notes(with_place())
        assert b"Lamp Phone" not in photo.read_raw_bytes()
        assert pikepdf.PdfImage(photo).as_pil_image().size == (40, 30)


def test_a_jpeg_keeps_all_but_its_notes() -> None:
    assert without_notes(picture()) == picture()
    assert b"hidden" not in without_notes(picture(comment=b"hidden words"))
    for cut in (b"", b"\xff", b"\xff\xd8\xff\xe1\xff"):
        assert without_notes(cut) in (cut, cut[:2])


def test_a_password_is_refused() -> None:
    locked = changed(paper(), lambda _: None, encryption=pikepdf.Encryption(user="u", owner="o"))
    assert code_of(locked) == "pdf.locked"


def test_what_only_its_owner_may_change_is_read() -> None:
    """A PDF that opens without a password is paper as any other, and comes out unlocked."""
    owned = changed(paper(), lambda _: None, encryption=pikepdf.Encryption(user="", owner="o"))
    washed = pdfs.read(owned)
    with pikepdf.open(BytesIO(washed.content)) as clean:
        assert not clean.is_encrypted
    assert b"(Title deed 1) Tj" in text_of(washed.content)


def test_thirty_pages_are_enough() -> None:
    assert pdfs.read(paper(pages=30)).pages == 30
    with pytest.raises(Refused) as refused:
        pdfs.read(paper(pages=31))
    assert (refused.value.code, refused.value.params) == ("pdf.too_many_pages", {"most": 30})


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 4000, paper()[: len(paper()) // 3], b"%PDF-1.4\n%%EOF"],
    ids=["nothing", "noise", "a third", "no pages"],
)
def test_what_is_no_sound_pdf_is_refused(content: bytes) -> None:
    assert code_of(content) == "pdf.not_one"


def bomb(megabytes: int) -> bytes:
    """A PDF whose objects stand in a stream that grows a thousandfold as it is unpacked."""
    objects = zlib.compress(b"4 0 " + b" " * megabytes * 1024 * 1024, 9)
    head = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>" % len(objects)
    body = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 4 0 R>>\nendobj\n"
    at = len(body)
    body += b"3 0 obj\n" + head + b"\nstream\n" + objects + b"\nendstream\nendobj\n"
    rows = b"".join(
        kind.to_bytes(1) + first.to_bytes(4) + second.to_bytes(2)
        for kind, first, second in ((0, 0, 65535), (1, 9, 0), (0, 0, 0), (1, at, 0), (2, 3, 0))
    )
    table = b"<</Type/XRef/Size 5/W[1 4 2]/Root 1 0 R/Length %d>>" % len(rows)
    start = len(body)
    body += b"5 0 obj\n" + table + b"\nstream\n" + rows + b"\nendstream\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def test_a_bomb_bursts_elsewhere() -> None:
    """200 MB out of 200 KB: more than the program lets one stream grow to."""
    assert len(bomb(200)) < 300_000
    assert code_of(bomb(200)) == "pdf.not_one"


def test_what_it_says_of_itself_counts() -> None:
    assert pdfs.is_one(paper())
    assert pdfs.is_one(b"\xef\xbb\xbf\n%PDF-1.7")
    for other in (b"", picture(), b"<html>%PDF-1.7", b"PK\x03\x04%PDF-"):
        assert not pdfs.is_one(other)


def code_of(content: bytes) -> str:
    with pytest.raises(Refused) as refused:
        pdfs.read(content)
    return refused.value.code
