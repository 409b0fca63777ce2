"""Which links and which picture a message carries, and what they are called. Pure."""

import re
from collections import Counter
from collections.abc import Iterable

from bot.domain.changes import News, UpdatePosted, VideoAdded
from bot.domain.events import Event, Image, InfoUrl, Update, VidUrl
from bot.domain.messages import Link, LinkKind, Picture
from bot.rendering.fit import Measure, cut
from bot.rendering.untrusted import host, one_line, web_address

LONGEST_LABEL = 80
"""Discord's limit for the label of a button (facts-delivery, section 4)."""

_LONGEST_CREDIT = 160
_NO_PICTURE = 1252
"""LL2's id of "No Image Placeholder" (facts-ll2, section 4)."""
_NAMED_LICENCE = re.compile(r"\bcc\b|creative commons", re.IGNORECASE)


def links(news: tuple[News, ...], event: Event) -> tuple[Link, ...]:
    """Videos, the main one first, then the sources of the told updates, then pages; each once."""
    posted = (one.updates for one in news if isinstance(one, UpdatePosted))
    found = (
        *_videos(news, event),
        *(_source(update) for updates in posted for update in updates),
        *(_page(page) for page in event.info_urls),
    )
    return _told_apart(_once(found))


def _videos(news: tuple[News, ...], event: Event) -> tuple[Link, ...]:
    """All videos; the main one is what is live, or else what LL2 puts first."""
    told = (one.videos for one in news if isinstance(one, VideoAdded))
    added = {video.url: video for videos in told for video in videos}
    # The event says it better, but it may lack for a moment a video that it had.
    every = added | {video.url: video for video in event.vid_urls}
    by_rank = sorted(
        every.values(),
        key=lambda video: (not (event.webcast_live and video.live), video.priority),
    )
    others = sorted(by_rank[1:], key=lambda video: video.url not in added)
    return (
        *(_video(main, "Watch") for main in by_rank[:1]),
        *(_video(one, "New video" if one.url in added else "Video") for one in others),
    )


def _video(video: VidUrl, verb: str) -> Link:
    return Link(label=f"{verb}: {video_name(video)}", url=video.url, kind=LinkKind.VIDEO)


def video_name(video: VidUrl) -> str:
    """What a video is called, with its publisher and a foreign language: "Capture (NASA)"."""
    title, publisher = one_line(video.title), one_line(video.publisher)
    language = one_line(video.language)
    known = publisher.casefold() in title.casefold() or not title
    foreign = bool(language) and language.casefold() not in {"en", "english"}
    extra = (*((publisher,) if not known else ()), *((language,) if foreign else ()))
    name = title or publisher or host(video.url)
    return f"{name} ({', '.join(extra)})" if extra else name


def _source(update: Update) -> Link:
    return Link(label=f"Source: {host(update.info_url)}", url=update.info_url)


def _page(page: InfoUrl) -> Link:
    title, source = one_line(page.title), one_line(page.source).removeprefix("www.")
    # A source that looks like a host must be where the link leads.
    is_named = "." not in source or f".{host(page.url)}".endswith(f".{source.lower()}")
    at = source if source and is_named else host(page.url)
    return Link(label=f"Read: {title} ({at})" if title else f"Read: {at}", url=page.url)


def _once(found: Iterable[Link]) -> tuple[Link, ...]:
    """Only real web addresses, and of each the first."""
    unique: dict[str, Link] = {}
    for link in found:
        address = web_address(link.url)
        if address is not None:
            label = cut(link.label, LONGEST_LABEL, Measure.UTF16)
            whole = Link(label=label, url=address, kind=link.kind)
            unique.setdefault(address.rstrip("/"), whole)
    return tuple(unique.values())


def _told_apart(found: tuple[Link, ...]) -> tuple[Link, ...]:
    """Number the labels that would else be the same."""
    seen: Counter[str] = Counter()
    told: list[Link] = []
    for link in found:
        seen[link.label] += 1
        number = f" ({seen[link.label]})" if seen[link.label] > 1 else ""
        label = cut(link.label, LONGEST_LABEL - len(number), Measure.UTF16) + number
        told.append(Link(label=label, url=link.url, kind=link.kind))
    return tuple(told)


def picture(image: Image | None) -> Picture | None:
    """The event's picture with its credit in words; None for LL2's placeholder."""
    address = None if image is None or image.id == _NO_PICTURE else web_address(image.url)
    if image is None or address is None:
        return None
    thumbnail = web_address(image.thumbnail_url) or ""
    return Picture(url=address, thumbnail_url=thumbnail, credit=_credit(image))


def _credit(image: Image) -> str:
    """Who made it; under which licence only where the licence wants to be named beside it."""
    credit, licence = one_line(image.credit), one_line(image.license)
    named = f"{credit}, {licence}" if credit and _NAMED_LICENCE.search(licence) else credit
    return cut(f"Picture: {named}", _LONGEST_CREDIT, Measure.UTF16) if named else ""
