"""Time zones as people name them."""

import pytest

from bot.commands.zones import read_zone, suggested
from bot.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("utc", "UTC"),
        ("Singapore", "Singapore"),
    ],
)
def test_zones_are_named_by_city_too(text: str, name: str) -> None:
    """Case and underscores do not matter."""
    assert read_zone(text) == name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Berlni", 'did you mean "Europe/Berlin"'),
        ("Europe", 'did you mean "Europe/'),
        ("../../etc/passwd", "write e.g. Europe/Berlin"),
        ("+++", "write e.g. Europe/Berlin"),
    ],
)
def test_a_zone_that_is_none_is_answered_with_the_nearest(text: str, sentence: str) -> None:
    """A misspelling is the usual reason."""
    with pytest.raises(ConfigError, match=sentence):
        read_zone(text)


def test_zones_that_begin_so_are_suggested_first() -> None:
    """What a person types is the beginning of a city or of a continent."""
    found = suggested("lon", 25)

    begins = [name.rpartition("/")[2].startswith("Lon") for name in found]
    assert begins[0]
    assert begins == sorted(begins, reverse=True)
    assert "Europe/London" in found


def test_no_more_zones_are_suggested_than_asked_for() -> None:
    """There are hundreds; a platform shows a few."""
    assert len(suggested("", 25)) == 25
