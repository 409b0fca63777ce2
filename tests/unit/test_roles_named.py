"""What `--roles` names."""

import pytest

from bot.domain.leases import ROLES, hearing, roles_of
from bot.errors import ConfigError

ADAPTERS = {name: hearing(name) for name in ("discord", "telegram")}


@pytest.mark.parametrize(
    ("asked", "roles"),
    [
        (ROLES, "commands:discord commands:telegram fanout poll send:discord send:telegram web"),
        (("poll", "fanout"), "fanout poll"),
        (("send",), "send:discord send:telegram"),
        (("send:telegram", "commands"), "commands:discord commands:telegram send:telegram"),
        (("web", "web"), "web"),
    ],
)
def test_words_name_roles(asked: tuple[str, ...], roles: str) -> None:
    """`send` and `commands` alone mean those of all adapters."""
    assert " ".join(sorted(roles_of(asked, ADAPTERS))) == roles


@pytest.mark.parametrize("word", ["pol", "send:discrod", "send:", "poll:discord", "web:", ":", ""])
def test_a_word_that_names_nothing_is_refused(word: str) -> None:
    """The owner's mistake: the sentence names the word, and what there is."""
    with pytest.raises(ConfigError) as refusal:
        roles_of(("poll", word), ADAPTERS)

    assert str(refusal.value) == (
        f'there is no role "{word}"; there are, e.g.: '
        "poll, fanout, send, commands, web, send:discord, send:telegram"
    )


def test_a_part_of_the_shards_is_a_role_by_itself() -> None:
    """Several processes hear on one platform at once, each in its part of the servers."""
    parted = {"discord": hearing("discord", (2, 3)), "telegram": hearing("telegram", ())}

    assert roles_of(("commands",), parted) == {"commands:discord/2,3", "commands:telegram"}
