"""A command core whose answers a test sets, for the tests of Discord's commands."""

import asyncio
from dataclasses import replace

from bot.domain.messages import Button, Message
from bot.domain.requests import (
    Choice,
    CommandReply,
    CommandRequest,
    CommandSpec,
    Option,
    OptionKind,
    Who,
)
from bot.testing.surroundings import RecordingDesk

MUTE = Button(label="Mute this event", press='mute event:"docking day"')

OPTIONS = tuple(
    Option(name=kind.value.replace(" ", "_"), description=f"A {kind.value}", kind=kind)
    for kind in OptionKind
)
SPECS = (
    CommandSpec(name="everything", description="Takes all there is", options=OPTIONS),
    CommandSpec(
        name="mute",
        description="Silence one event here",
        who=Who.MANAGERS,
        options=(
            Option(name="why", description="A reason", kind=OptionKind.TEXT),
            Option(
                name="event",
                description="The event",
                kind=OptionKind.EVENT,
                is_required=True,
                is_first=True,
            ),
        ),
    ),
    CommandSpec(name="status", description="How it goes"),
)


def says(text: str, **changes: object) -> CommandReply:
    """An answer of one line."""
    return replace(CommandReply(messages=(Message(kind=None, headline=text),)), **changes)  # type: ignore[arg-type]


class Core(RecordingDesk):
    """A core that answers with what the test sets."""

    def __init__(self) -> None:
        self.reply = says("Done")
        self.ready = asyncio.Event()
        self.ready.set()
        suggestions = (Choice(label="Extra-vehicular activity", value="EVA"),)
        super().__init__(SPECS, answer=self._answer_it, choices=suggestions)

    async def _answer_it(self, _request: CommandRequest) -> CommandReply:
        await self.ready.wait()
        return self.reply
