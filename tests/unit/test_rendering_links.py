"""Links and pictures of a message: which, in what order, and what they are called."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.changes import EventAnnounced, UpdatePosted, VideoAdded, WebcastLive
from bot.domain.events import EventId, Image, InfoUrl, UpdateId, VidUrl
from bot.rendering.compose import compose
from bot.testing import an_event, an_update

ONE = EventId(1)
ANNOUNCED = EventAnnounced(event_id=ONE)
LIVE = WebcastLive(event_id=ONE)


def a_video(**changes: Any) -> VidUrl:
    """A webcast in English by NASA."""
    video = VidUrl(url="https://example.org/1", priority=9, title="Capture", publisher="NASA")
    return replace(video, **changes)


def test_the_video_to_watch_is_the_one_that_is_live() -> None:
    """While a webcast is live, LL2's main video may be another one."""
    videos = (a_video(), a_video(url="https://example.org/2", priority=12, title="Now", live=True))

    live = compose((LIVE,), an_event(vid_urls=videos, webcast_live=True))
    calm = compose((ANNOUNCED,), an_event(vid_urls=videos))

    assert [link.label for link in live.links] == ["Watch: Now (NASA)", "Video: Capture (NASA)"]
    assert [link.label for link in calm.links] == ["Watch: Capture (NASA)", "Video: Now (NASA)"]


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Watch: Capture (NASA)"),
        ({"title": "NASA's capture"}, "Watch: NASA's capture"),
        ({"title": ""}, "Watch: NASA"),
        ({"title": "", "publisher": ""}, "Watch: example.org"),
        ({"language": "Russian"}, "Watch: Capture (NASA, Russian)"),
        ({"language": "English"}, "Watch: Capture (NASA)"),
        ({"title": "x" * 99}, f"Watch: {'x' * 72}…"),
    ],
)
def test_a_video_says_who_shows_what(changes: dict[str, Any], label: str) -> None:
    """A label tells enough to choose, and fits a button."""
    event = an_event(vid_urls=(a_video(**changes),))

    assert [link.label for link in compose((ANNOUNCED,), event).links] == [label]


def test_a_new_video_that_is_not_the_main_one_is_marked() -> None:
    """Among several links a reader finds the one that the message is about."""
    old, new = a_video(), a_video(url="https://example.org/2", priority=12, title="Talk")

    message = compose((VideoAdded(event_id=ONE, videos=(new,)),), an_event(vid_urls=(old, new)))

    assert [link.label for link in message.links] == [
        "Watch: Capture (NASA)",
        "New video: Talk (NASA)",
    ]


def test_a_new_video_that_vanished_for_a_moment_is_still_linked() -> None:
    """Its news would else be about nothing."""
    message = compose((VideoAdded(event_id=ONE, videos=(a_video(),)),), an_event())

    assert [link.url for link in message.links] == ["https://example.org/1"]


def test_sources_of_one_host_are_told_apart() -> None:
    """Two buttons of the same name would be a riddle."""
    updates = tuple(an_update(id=UpdateId(n), info_url=f"https://x.com/{n}") for n in (1, 2))

    message = compose((UpdatePosted(event_id=ONE, updates=updates),), an_event())

    assert [link.label for link in message.links] == ["Source: x.com", "Source: x.com (2)"]


def test_a_page_says_its_title_and_source() -> None:
    """Readers judge a page by who wrote it."""
    page = InfoUrl(url="https://blog.example.org/1", title="Blog", source="www.example.org")

    message = compose((ANNOUNCED,), an_event(info_urls=(page,)))

    assert [link.label for link in message.links] == ["Read: Blog (example.org)"]


@pytest.mark.parametrize(
    ("changes", "credit"),
    [
        ({"license": "Unknown"}, "Picture: NASA"),
        ({"license": "NASA Image and Media Guidelines"}, "Picture: NASA"),
        ({"license": "CC BY 4.0"}, "Picture: NASA, CC BY 4.0"),
        ({"credit": ""}, ""),
    ],
)
def test_a_picture_comes_with_its_credit_and_licence(changes: dict[str, Any], credit: str) -> None:
    """Who made it is named, and a Creative Commons licence, whose terms ask for that."""
    image = replace(Image(id=7, url="https://example.org/7.jpg", credit="NASA"), **changes)

    picture = compose((ANNOUNCED,), an_event(image=image)).picture

    assert picture is not None
    assert picture.credit == credit


@pytest.mark.parametrize(
    "image",
    [None, Image(id=1252, url="https://example.org/none.png"), Image(id=7, url="data:image/png,x")],
)
def test_no_picture_is_better_than_a_placeholder(image: Image | None) -> None:
    """LL2's "No Image" picture, and what is no web address, are left out."""
    assert compose((ANNOUNCED,), an_event(image=image)).picture is None
