"""The README's pictures and its table of commands: they are what golden files and specs say."""

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from bot.commands.registry import COMMANDS
from bot.domain.requests import CommandSpec, Who
from tools.drawing import BUTTON, WIDTH, Run, wrapped
from tools.pictures import (
    FOLDER,
    GOLDEN,
    ROOT,
    SCENES,
    Scene,
    cases,
    draw_discord,
    draw_telegram,
    pictures,
    telegram_cases,
)

A_DAY = timedelta(days=1)


def words(svg: str) -> list[str]:
    """What a picture says, below its title and style."""
    tree = ET.fromstring(svg)  # noqa: S314 - our own picture
    texts = ("".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text"))
    return " ".join(texts).split()


def test_committed_pictures_are_those_of_the_golden_files() -> None:
    """Whoever changes what a message looks like runs `python -m tools.pictures`."""
    committed = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.svg")}

    assert committed == pictures(), "run: python -m tools.pictures"


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_telegram_picture_says_every_word(scene: Scene) -> None:
    """A drawing of a message leaves nothing out and adds nothing."""
    golden = GOLDEN / "telegram" / f"{scene.file}.html"
    html = telegram_cases(golden.read_text("utf-8"))[scene.case]
    beside = cases("telegram_beside", scene.file)[scene.case]

    said = words(draw_telegram(html, beside))

    picture = ["picture"] if beside["picture"] else []
    buttons = " ".join(label for row in beside["buttons"] for label in row)
    assert said == [*picture, *re.sub(r"<[^>]*>", "", html).split(), *buttons.split()]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_discord_picture_ends_with_every_button(scene: Scene) -> None:
    """Links first, each with the arrow of what leads away; labels are whole."""
    embed, rows = (cases(kind, scene.file)[scene.case] for kind in ("discord", "discord_buttons"))
    labels = " ".join(one["label"] for row in rows for one in row).split()

    svg = draw_discord(embed, rows, scene.ahead)

    assert words(svg)[-len(labels) :] == labels
    assert svg.count('class="arrow"') == sum("url" in one for row in rows for one in row)


def test_a_label_wider_than_the_card_is_cut() -> None:
    """As clients do; a button never stands beyond its message."""
    svg = draw_discord({"title": "A", "color": 0}, [[{"label": "long " * 16}]], A_DAY)

    assert words(svg)[-1].endswith("…")
    assert f'width="{WIDTH:.1f}" height="{BUTTON}"' in svg


def test_discord_picture_shows_markup_as_readers_see_it() -> None:
    """Bold and stamps are drawn, escapes and addresses are not."""
    embed = {
        "title": "A \\*star\\*",
        "color": 0x00FF7F,
        "description": "**Moved** to <t:1805029500:F> (<t:1805029500:R>) [Watch](<https://a.example>)",
        "fields": [{"name": "Who", "value": "NASA", "inline": True}],
    }

    svg = draw_discord(embed, [], timedelta(days=3))

    assert words(svg) == [
        *("A", "*star*", "Moved", "to", "Sunday,", "14", "March", "2027", "at", "13:05"),
        *("(in", "3", "days)", "Watch", "Who", "NASA"),
    ]
    assert 'fill="#00ff7f"' in svg


def test_every_golden_message_can_be_drawn() -> None:
    """Hostile text, too, makes a well-formed picture."""
    on_discord = [
        draw_discord(embed, cases("discord_buttons", path.stem)[title], A_DAY)
        for path in (GOLDEN / "discord").glob("*.json")
        for title, embed in cases("discord", path.stem).items()
    ]
    on_telegram = [
        draw_telegram(html, cases("telegram_beside", path.stem)[title])
        for path in (GOLDEN / "telegram").glob("*.html")
        for title, html in telegram_cases(path.read_text("utf-8")).items()
    ]

    drawn = on_discord + on_telegram

    assert len(drawn) > len(pictures())
    assert all(words(svg) for svg in drawn)


def test_lines_break_between_words_only() -> None:
    """What is written without a space between stays together, in whatever styles."""
    runs = [Run(text="one two "), Run(text="(", style="b"), Run(text="three) four")]

    lines = ["".join(run.text for run in line).strip() for line in wrapped(runs, 70)]

    assert lines == ["one two", "(three)", "four"]


def test_readme_lists_the_commands_as_they_are_offered() -> None:
    """Names, options and descriptions are those of the specs, in the order of help."""
    readme = (ROOT / "README.md").read_text("utf-8")

    listed = re.findall(r"^\| `/.*", readme, flags=re.MULTILINE)

    assert listed == [_row(command.spec) for command in COMMANDS]


def _row(spec: CommandSpec) -> str:
    options = " ".join(f"`{option.name}`" for option in spec.options)
    who = "managers" if spec.who is Who.MANAGERS else "everybody"
    return f"| `/{spec.name}` | {options} | {spec.description} | {who} |"
