"""Put several messages of one answer together, where a platform can show them as one. Pure.

Platforms take few messages in a row, and alerts among them; news are never put together so.
"""

from collections.abc import Callable, Iterator, Sequence

from bot.domain.messages import Message

Bundle = Sequence[Message]
"""Messages that are sent as one, in their order."""


def bundled(messages: Bundle, go_together: Callable[[Bundle], bool]) -> Iterator[Bundle]:
    """As few bundles as there can be, in order; whoever goes with nobody is a bundle alone."""
    bundle: list[Message] = []
    for one in messages:
        if bundle and not go_together([*bundle, one]):
            yield bundle
            bundle = []
        bundle = [*bundle, one]
    if bundle:
        yield bundle
