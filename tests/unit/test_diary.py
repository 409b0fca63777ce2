"""When a trouble that comes and goes is told."""

from datetime import timedelta

from bot.services.diary import Spell
from bot.testing import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_trouble_is_told_once_at_each_end() -> None:
    """However long it lasts."""
    spell = Spell()

    begins = [spell.begins(START + number * HOUR) for number in range(30)]
    ends = [spell.ends(START + number * HOUR) for number in (30, 31)]

    assert begins == [True] + [False] * 29
    assert ends == [True, False]


def test_a_relapse_is_not_told_unless_it_lasts() -> None:
    """Within the hour it is the same trouble; after an hour of it, it is told with its end."""
    spell = Spell()
    spell.begins(START)
    spell.ends(START + MINUTE)

    relapse = [spell.begins(START + 2 * MINUTE), spell.ends(START + 3 * MINUTE)]
    lasting = [spell.begins(START + HOUR), spell.begins(START + 2 * HOUR)]

    assert relapse == [False, False]
    assert lasting == [False, True]
    assert spell.ends(START + 3 * HOUR)


def test_a_trouble_an_hour_later_is_another() -> None:
    """It is told at once."""
    spell = Spell()
    spell.begins(START)
    spell.ends(START + MINUTE)

    assert spell.begins(START + MINUTE + HOUR)


def test_no_trouble_has_no_end() -> None:
    """Nothing is told of what is well."""
    assert not Spell().ends(START)
