"""What we tell whoever can mend a channel that our messages do not reach any more. Pure."""

from collections.abc import Sequence

from bot.domain.channels import KEPT_FOR, Trouble
from bot.domain.messages import Message, Section, SectionKind
from bot.rendering.untrusted import one_line

_SHOWN = 10


def paused(troubles: Sequence[Trouble]) -> Message:
    """Which channels are paused, why, and what to do."""
    one = len(troubles) == 1
    return Message(
        kind=None,
        headline="A channel is paused" if one else f"{len(troubles)} channels are paused",
        sections=(
            *(_trouble(trouble) for trouble in troubles[:_SHOWN]),
            *([_more(len(troubles) - _SHOWN)] if len(troubles) > _SHOWN else []),
            Section(body=(_REMEDY,)),
        ),
    )


_REMEDY = (
    "Nothing is lost: messages resume by themselves once this is mended, with the news of the "
    f"last {KEPT_FOR.days} days. To try at once, type /start there."
)


def _trouble(trouble: Trouble) -> Section:
    name = one_line(trouble.keeper.name) or str(trouble.destination)
    reason = one_line(trouble.health.reason).rstrip(".")
    missing = one_line(trouble.health.missing)
    permission = f" Missing permission: {missing}." if missing and missing not in reason else ""
    return Section(
        heading=name,
        body=(f"{reason[:1].upper()}{reason[1:]}.{permission}",),
        kind=SectionKind.CHANGE,
    )


def _more(number: int) -> Section:
    return Section(body=(f"And {number} more; /subscriptions in each tells why.",))
