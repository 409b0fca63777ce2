"""Every setting with its default and its bounds. `loading` fills it, `describing` tells it."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.bots import Clashes, DiscordSettings, Section, TelegramSettings, each_bot
from bot.config.sources import NESTING, PREFIX, SECRETS_DIR, secret_texts, wants_colour
from bot.config.values import (
    AnyCase,
    Count,
    Duration,
    Folder,
    Listen,
    ServiceUrls,
    StoreUrl,
    Token,
    WebAddress,
)
from bot.domain.channels import KEPT_FOR
from bot.domain.retention import Retention

_LEAST_SECRET = 6
"""Characters of the shortest part of a service's address that is taken for a secret."""

_RETENTION = Retention()
_LONGEST_KEPT = timedelta(days=3650)

_SECRET_NAME = re.compile(r"token|secret|password|key", re.IGNORECASE)


class LL2Settings(Section):
    """Where events come from, and how often we may ask."""

    base_url: WebAddress = "https://ll.thespacedevs.com/2.3.0"
    api_key: Token = SecretStr("")
    hourly_budget: Count = Field(15, ge=1, le=100_000)
    poll_interval: Duration = Field(
        timedelta(minutes=5), ge=timedelta(seconds=1), le=timedelta(days=1)
    )


class StoreSettings(Section):
    """Where everything is kept, and for how long. The address may hold a password.

    What a destination that was out of reach may yet get is kept in any case.

    Attributes:
        lease: for how long a process that shares the store may be silent before another takes over.

    """

    url: StoreUrl = Field("sqlite:///perigee.db", repr=False)
    lease: Duration = Field(timedelta(seconds=15), ge=timedelta(seconds=2), le=timedelta(minutes=5))
    keep_deliveries: Duration = Field(_RETENTION.deliveries, ge=KEPT_FOR, le=_LONGEST_KEPT)
    keep_changes: Duration = Field(_RETENTION.changes, ge=KEPT_FOR, le=_LONGEST_KEPT)


class AnnounceSettings(Section):
    """What is told of the events that the very first poll finds."""

    first_run: Annotated[Literal["silent", "announce"], AnyCase] = "silent"


class AppriseSettings(Section):
    """The Apprise adapter; off while it knows no service. Each address is a secret."""

    urls: ServiceUrls = Field({})


class ConsoleSettings(Section):
    """The adapter that prints."""

    enabled: bool = False


class WebSettings(Section):
    """Where the health checks and the metrics are served; empty: nowhere."""

    listen: Listen = ""


class LogSettings(Section):
    """How much is logged to standard error, and in which form."""

    level: Annotated[Literal["debug", "info", "warning", "error", "critical"], AnyCase] = "info"
    format: Annotated[Literal["text", "json"], AnyCase] = "text"


class Settings(BaseSettings):
    """All settings. The environment wins over secret files, and they over what is passed in.

    Attributes:
        shutdown_grace: how long deliveries under way may take to end after a signal.
        secrets_dir: where secret files lie.
        plugins: a free table for each third-party adapter that is on, by its name.

    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=NESTING,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    shutdown_grace: Duration = Field(timedelta(seconds=25), le=timedelta(hours=1))
    secrets_dir: Folder = SECRETS_DIR
    ll2: LL2Settings = LL2Settings()
    store: StoreSettings = StoreSettings()
    announce: AnnounceSettings = AnnounceSettings()
    discord: DiscordSettings = DiscordSettings()
    telegram: TelegramSettings = TelegramSettings()
    apprise: AppriseSettings = AppriseSettings()
    console: ConsoleSettings = ConsoleSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    plugins: Mapping[str, Mapping[str, object]] = Field({}, repr=False)

    @field_validator("plugins")
    @classmethod
    def _no_built_in(
        cls, plugins: Mapping[str, Mapping[str, object]]
    ) -> Mapping[str, Mapping[str, object]]:
        for name in sorted({"discord", "telegram", "apprise", "console"} & {*plugins}):
            raise ValueError(f"names {name}, which is built in; its table is [{name}]")
        return plugins

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the vendor's signature
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What wins over what; the vendor's own reader of secret files knows no sections.

        A `config.toml` begun from the example holds empty tokens, so secret files win over it.
        """
        files = EnvSettingsSource(settings_cls)
        folder = getattr(file_secret_settings, "secrets_dir", None)
        files.env_vars = {} if folder is None else secret_texts(folder)
        return env_settings, files, init_settings

    @model_validator(mode="after")
    def _each_only_once(self) -> Self:
        clashes = Clashes().note("web", self.web.options())
        faults = [*self._taken_names()]
        for _, section, options in self._bots():
            clashes.note(section, options)
            if not options["token"]:
                faults.append(f"{section}.token is empty; set it, or remove [{section}]")
        faults += clashes.sentences()
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _taken_names(self) -> Iterator[str]:
        for name, section, _ in self._bots():
            if name in self.plugins:
                yield f"plugins.{name} has the name of the bot [{section}]; rename that bot"

    def _bots(self) -> Iterator[tuple[str, str, dict[str, object]]]:
        yield from each_bot("discord", self.discord)
        yield from each_bot("telegram", self.telegram)

    def adapters(self) -> dict[str, dict[str, object]]:
        """Each adapter that is on, with the options for its factory; tokens as plain text."""
        built_in = {name: options for name, _, options in self._bots()}
        if self.apprise.urls:
            built_in["apprise"] = self.apprise.options()
        if self.console.enabled:
            built_in["console"] = self.console.options() | {"colour": wants_colour()}
        return built_in | {name: dict(table) for name, table in self.plugins.items()}

    def platform(self, name: str) -> str:
        """Whose factory opens an adapter that is on: `discord` for `discord-news`."""
        return self.section(name).removeprefix("plugins.").partition(".bots.")[0]

    def section(self, name: str) -> str:
        """Where the settings of an adapter that is on are: `discord.bots.news`."""
        if name in self.plugins:
            return f"plugins.{name}"
        return next((section for one, section, _ in self._bots() if one == name), name)

    def secrets(self) -> frozenset[str]:
        """Every text that must never be printed."""
        tokens = (options["token"] for _, _, options in self._bots())
        found = {self.ll2.api_key.get_secret_value(), *map(str, tokens)}
        found.update(passwords(self.store.url), _secret_texts(self.plugins))
        for url in self.apprise.urls.values():
            found.update(_secret_parts(url.get_secret_value()))
        return frozenset(found - {""})


def passwords(url: str) -> set[str]:
    """The passwords in a store's address, as they are written and as they are meant."""
    written = re.findall(r"//[^:/@]*:(.+)@|[?&]password=([^&]+)", url)
    return {form for pair in written for text in pair for form in (text, unquote(text))}


def _secret_parts(url: str) -> Iterator[str]:
    """A service's address and what in it may be a secret, for services log parts: any may be one.

    A short part is a secret only as a password; as a host or a channel it is mostly a plain word.
    """
    parts = re.split(r"[/:@?&=#,]+", url.partition("://")[2])
    long = {part for part in parts if len(part) >= _LEAST_SECRET}
    for text in {url, *long, *passwords(url)}:
        yield from (text, unquote(text))


def _secret_texts(table: Mapping[str, object], *, within: bool = False) -> Iterator[str]:
    """Texts of a plug-in's table that stand under a name which sounds secret."""
    for name, value in table.items():
        secret = within or bool(_SECRET_NAME.search(name))
        if isinstance(value, Mapping):
            yield from _secret_texts(value, within=secret)
        elif secret:
            yield from map(str, value if isinstance(value, list) else [value])


class FixedSettings(Settings):
    """Settings that are exactly what is passed in: the environment has no say (the demo's)."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the vendor's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the vendor's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the vendor's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the vendor's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in."""
        return (init_settings,)
