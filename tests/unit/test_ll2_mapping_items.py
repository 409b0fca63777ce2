"""Updates, videos, pages, pictures and texts of LL2's JSON become ours."""

from datetime import UTC, datetime

import pytest
from raw_events import an_object, seen

from bot.domain.events import Image, InfoUrl, Update, UpdateId, VidUrl


def a_vid_url(**changes: object) -> dict[str, object]:
    """A video as LL2 sends it."""
    whole: dict[str, object] = {
        "priority": 10,
        "source": "youtube.com",
        "publisher": "Example TV",
        "title": "Docking live",
        "description": "x" * 4000,
        "url": "https://video.example/1",
        "type": {"id": 1, "name": "Official Webcast"},
        "language": {"id": 1, "name": "English", "code": "en"},
        "start_time": "2027-03-04T10:00:00Z",
        "end_time": None,
        "live": True,
    }
    return whole | changes


def test_updates_come_by_id_whatever_their_order() -> None:
    """LL2 defines no order; of two with the same id the last wins."""
    event = seen(
        an_object(
            updates=[
                {"id": 9, "comment": "Later.\r\n", "created_by": None, "info_url": None},
                {"id": 4, "comment": "First", "created_on": "2027-02-01T00:00:00Z"},
                {"id": 9, "comment": "Latest.", "created_by": "Ada", "info_url": "ftp://x.example"},
            ]
        )
    ).event

    assert event.updates == (
        Update(id=UpdateId(4), comment="First", created_on=datetime(2027, 2, 1, tzinfo=UTC)),
        Update(id=UpdateId(9), comment="Latest.", created_by="Ada"),
    )


def test_a_malformed_item_costs_only_itself() -> None:
    """One bad update or video hides neither its neighbours nor its event."""
    event = seen(
        an_object(
            updates=[{"id": "x"}, None, {"id": 3, "comment": 7}, {"id": 5, "comment": None}],
            vid_urls=[7, a_vid_url(url="javascript:alert(1)"), a_vid_url()],
            agencies=[{"name": "No Id"}, {"id": 1, "name": None}, {"id": 2, "name": "Two"}],
        )
    ).event

    assert [update.id for update in event.updates] == [5]
    assert [video.url for video in event.vid_urls] == ["https://video.example/1"]
    assert [agency.id for agency in event.agencies] == [2]


@pytest.mark.parametrize(("key", "name"), [("agencies", "agencies"), ("program", "programs")])
@pytest.mark.parametrize("item", [None, 7, {"name": "No Id"}, {"id": 1, "name": None}])
def test_a_list_that_is_readable_in_part_forgets_nobody(key: str, name: str, item: object) -> None:
    """Who belongs to an event is told by the whole list; half of it says nothing of the rest."""
    raw = an_object()
    items = raw[key]
    assert isinstance(items, list)

    seen_in_part = seen(raw | {key: [*items, item]})

    assert name in seen_in_part.untold
    assert getattr(seen_in_part.event, name) == getattr(seen(raw).event, name)


def test_videos_come_by_priority_and_address_each_once() -> None:
    """The lowest priority is the main one."""
    event = seen(
        an_object(
            vid_urls=[
                a_vid_url(url="https://b.example/", priority=9),
                a_vid_url(url="https://a.example/", priority=9),
                a_vid_url(url="https://z.example/", priority=7, publisher=None, language=None),
                a_vid_url(url="https://a.example/", priority=12),
            ]
        )
    ).event

    urls = [video.url for video in event.vid_urls]
    assert urls == ["https://z.example/", "https://a.example/", "https://b.example/"]
    assert event.vid_urls[1] == VidUrl(
        url="https://a.example/",
        priority=9,
        title="Docking live",
        publisher="Example TV",
        language="English",
        live=True,
        start_time=datetime(2027, 3, 4, 10, 0, tzinfo=UTC),
    )


def test_pages_may_be_bare_addresses() -> None:
    """Some answers give a page as text only."""
    event = seen(
        an_object(
            info_urls=[
                "https://b.example/",
                {"url": "https://a.example/", "title": " A\n page ", "source": "a.example"},
                "mailto:me@a.example",
            ]
        )
    ).event

    assert event.info_urls == (
        InfoUrl(url="https://a.example/", title="A page", source="a.example"),
        InfoUrl(url="https://b.example/"),
    )


def test_a_picture_keeps_its_credit_and_license() -> None:
    """Whoever shows it must name them."""
    picture = {
        "id": 5,
        "image_url": "https://images.example/5.jpg",
        "thumbnail_url": None,
        "credit": None,
        "license": {"id": 1, "name": "CC BY 4.0"},
    }

    assert seen(an_object(image=picture)).event.image == Image(
        id=5, url="https://images.example/5.jpg", license="CC BY 4.0"
    )


@pytest.mark.parametrize(
    "picture",
    [
        {"id": 1252, "image_url": "https://images.example/none.jpg"},
        {"id": 5, "image_url": "file:///etc/passwd"},
    ],
)
def test_a_placeholder_or_a_foreign_scheme_is_no_picture(picture: object) -> None:
    """Picture 1252 is LL2's "No Image Placeholder"; only http and https lead anywhere."""
    assert seen(an_object(image=picture)).event.image is None


def test_texts_are_cleaned() -> None:
    """Line ends, blanks, controls and half surrogates are put right."""
    event = seen(
        an_object(
            name="  Kestrel\t4 \r\n Docking ",
            description="\r\nOne\r\n\r\ntwo\x00\x07 \ud800!\r\n",
        )
    ).event

    assert event.name == "Kestrel 4 Docking"
    assert event.description == "One\n\ntwo \N{REPLACEMENT CHARACTER}!"


def test_endless_texts_are_cut() -> None:
    """Texts longer than their schema are kept up to sane caps; long addresses are dropped."""
    event = seen(
        an_object(
            name="n" * 9_999,
            description="d" * 99_999,
            updates=[
                {"id": 1, "comment": "c" * 99_999, "info_url": "https://a.example/" + "u" * 9_999}
            ],
        )
    ).event

    assert (len(event.name), len(event.description)) == (500, 20_000)
    assert len(event.updates[0].comment) == 40_000
    assert event.updates[0].info_url == ""
