"""The settings of Discord and Telegram, each with any number of further bots; what clashes."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from bot.config.values import (
    Count,
    GatewayAddress,
    Guilds,
    Listen,
    ShardIds,
    Token,
    WebAddress,
    WebhookAddress,
)

_LONGEST_NAME = 32


class Section(BaseModel):
    """A table of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def options(self) -> dict[str, object]:
        """Its keys as an adapter gets them; secrets as plain text."""
        return {key: _plain(value) for key, value in self}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _bot_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"is no name for a bot; write up to {_LONGEST_NAME} of a-z and 0-9, "
            'with single "-" between them'
        )
    return name


BotName = Annotated[str, AfterValidator(_bot_name)]


class DiscordBot(Section):
    """What each bot of Discord may have of its own."""

    token: Token = SecretStr("")
    sync_commands: bool = True
    development_guilds: Guilds = ()
    shard_count: Count = Field(0, ge=0, le=10_000)
    shard_ids: ShardIds = ()

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.shard_ids and max(self.shard_ids) >= self.shard_count:
            raise ValueError(
                "has shard_ids, so its shard_count must say how many there are in all processes, "
                "more than the largest of them"
            )
        return self


class DiscordSettings(DiscordBot):
    """The Discord adapter; off while its token is empty. The addresses are those of all its bots.

    Attributes:
        bots: further bots by name; what one does not say is as here, but for the shards.

    """

    api_base_url: WebAddress = "https://discord.com/api/v10"
    gateway_url: GatewayAddress = ""
    bots: Mapping[BotName, DiscordBot] = Field({}, repr=False)


class TelegramBot(Section):
    """What each bot of Telegram may have of its own."""

    token: Token = SecretStr("")
    api_base_url: WebAddress = "https://api.telegram.org"
    paid_broadcast: bool = False
    webhook_url: WebhookAddress = ""
    webhook_listen: Listen = ""


class TelegramSettings(TelegramBot):
    """The Telegram adapter; off while its token is empty.

    Attributes:
        bots: further bots by name; what one does not say is as here, but for the webhook.

    """

    bots: Mapping[BotName, TelegramBot] = Field({}, repr=False)


Platform = DiscordSettings | TelegramSettings

BOTS: Mapping[str, type[Section]] = {"discord": DiscordBot, "telegram": TelegramBot}
"""What a further bot may have, by platform."""

_OWN = {"token", "webhook_url", "webhook_listen", "shard_count", "shard_ids"}
"""What no bot has from its platform's section."""


def each_bot(name: str, platform: Platform) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Each bot of a platform that is on: its adapter's name, its section's, and its options."""
    shared = platform.options()
    del shared["bots"]
    if platform.token:
        yield name, name, shared
    defaults = {key: value for key, value in shared.items() if key not in _OWN}
    for called, bot in platform.bots.items():
        own = bot.options()
        said = {key: own[key] for key in own if key in bot.model_fields_set or key in _OWN}
        yield f"{name}-{called}", f"{name}.bots.{called}", defaults | said


class Clashes:
    """What may be in the settings only once, and where it is."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, object], list[str]] = defaultdict(list)

    def note(self, section: str, options: Mapping[str, object]) -> Self:
        """Remember what a section holds of that sort."""
        for key in ("token", "webhook_url", "webhook_listen", "listen"):
            if options.get(key):
                sort = "listen" if key.endswith("listen") else key
                self._places[sort, options[key]].append(f"{section}.{key}")
        return self

    def sentences(self) -> Iterator[str]:
        """What is there more than once, a sentence each; no value is told."""
        for (sort, _), keys in self._places.items():
            if len(keys) > 1:
                yield f"{' and '.join(keys)} {_REMEDIES[sort]}"


_REMEDIES = {
    "token": "are the same token; give each bot its own, or remove one of them",
    "webhook_url": "are the same address; give each bot its own, for both are called there",
    "listen": "are the same address; give each its own port",
}
