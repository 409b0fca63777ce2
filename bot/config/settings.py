"""Every setting with its default and its bounds. `loading` fills it, `describing` tells it."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.config.sources import NESTING, PREFIX, SECRETS_DIR, secret_texts, wants_colour
from bot.config.values import (
    AnyCase,
    Count,
    Duration,
    Folder,
    GatewayAddress,
    Guilds,
    Listen,
    ServiceUrls,
    StoreUrl,
    Token,
    WebAddress,
    WebhookAddress,
)
from bot.domain.channels import KEPT_FOR
from bot.domain.retention import Retention

_LEAST_SECRET = 6
"""Characters of the shortest part of a service's address that is taken for a secret."""

_RETENTION = Retention()
_LONGEST_KEPT = timedelta(days=3650)

_SECRET_NAME = re.compile(r"token|secret|password|key", re.IGNORECASE)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LL2Settings(_Section):
    """Where events come from, and how often we may ask."""

    base_url: WebAddress = "https://ll.thespacedevs.com/2.3.0"
    api_key: Token = SecretStr("")
    hourly_budget: Count = Field(15, ge=1, le=100_000)
    poll_interval: Duration = Field(
        timedelta(minutes=5), ge=timedelta(seconds=1), le=timedelta(days=1)
    )


class StoreSettings(_Section):
    """Where everything is kept, and for how long. The address may hold a password.

    What a destination that was out of reach may yet get is kept in any case.
    """

    url: StoreUrl = Field("sqlite:///perigee.db", repr=False)
    keep_deliveries: Duration = Field(_RETENTION.deliveries, ge=KEPT_FOR, le=_LONGEST_KEPT)
    keep_changes: Duration = Field(_RETENTION.changes, ge=KEPT_FOR, le=_LONGEST_KEPT)


class AnnounceSettings(_Section):
    """What is told of the events that the very first poll finds."""

    first_run: Annotated[Literal["silent", "announce"], AnyCase] = "silent"


class DiscordSettings(_Section):
    """The Discord adapter; off while its token is empty."""

    token: Token = SecretStr("")
    api_base_url: WebAddress = "https://discord.com/api/v10"
    gateway_url: GatewayAddress = ""
    sync_commands: bool = True
    development_guilds: Guilds = ()


class TelegramSettings(_Section):
    """The Telegram adapter; off while its token is empty."""

    token: Token = SecretStr("")
    api_base_url: WebAddress = "https://api.telegram.org"
    paid_broadcast: bool = False
    webhook_url: WebhookAddress = ""
    webhook_listen: Listen = ""


class AppriseSettings(_Section):
    """The Apprise adapter; off while it knows no service. Each address is a secret."""

    urls: ServiceUrls = {}


class ConsoleSettings(_Section):
    """The adapter that prints."""

    enabled: bool = False


class WebSettings(_Section):
    """Where the health checks and the metrics are served; empty: nowhere."""

    listen: Listen = ""


class LogSettings(_Section):
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

    def adapters(self) -> dict[str, dict[str, object]]:
        """Each adapter that is on, with the options for its factory; tokens as plain text."""
        sections: tuple[tuple[str, object, _Section], ...] = (
            ("discord", self.discord.token, self.discord),
            ("telegram", self.telegram.token, self.telegram),
            ("apprise", self.apprise.urls, self.apprise),
            ("console", self.console.enabled, self.console),
        )
        built_in = {name: _options(section) for name, switch, section in sections if switch}
        if "console" in built_in:
            built_in["console"]["colour"] = wants_colour()
        return built_in | {name: dict(table) for name, table in self.plugins.items()}

    def secrets(self) -> frozenset[str]:
        """Every text that must never be printed."""
        tokens = (self.ll2.api_key, self.discord.token, self.telegram.token)
        found = {token.get_secret_value() for token in tokens}
        found.update(passwords(self.store.url), _secret_texts(self.plugins))
        for url in self.apprise.urls.values():
            found.update(_secret_parts(url.get_secret_value()))
        return frozenset(found - {""})


def _options(section: _Section) -> dict[str, object]:
    return {key: _plain(value) for key, value in section}


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value.get_secret_value() if isinstance(value, SecretStr) else value


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
