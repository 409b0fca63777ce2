"""The commands that look into the store, after a service has worked on it: tables and documents."""

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from programs import Finished, Program, Story


@pytest.fixture
async def worked(service: Program, story: Story) -> Program:
    """The program after two turns: it learnt two events, then one slipped and one went live."""
    await service.run("subscriptions", "add", "--to", "console:all", "--remind", "off")
    await service.run("run", "--once")
    story.go_on(timedelta(days=1))
    await service.run("run", "--once")
    return service


def only_document(done: Finished) -> Any:
    """Its one JSON document, which is all that it said."""
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


async def test_store_can_be_looked_into(worked: Program) -> None:
    """Events, changes, deliveries and subscriptions tell one story, in tables and in JSON."""

    async def told(line: str) -> Any:
        return only_document(await worked.run(*line.split(), "--json"))

    changes = await told("changes")

    _check_events(await worked.run("events"), await told("events"))
    _check_changes(await worked.run("changes"), changes)
    ids = {one["id"] for one in changes}
    _check_deliveries(await worked.run("deliveries"), await told("deliveries"), change_ids=ids)
    assert [one["remind"] for one in await told("subscriptions list")] == [["off"]]
    assert [one["id"] for one in await told("events --type flyby,eva --agency NASA")] == [2002]
    assert await told("changes --since 2999-01-01") == []
    assert await told("deliveries --state dead") == []


def _check_events(text: Finished, document: Any) -> None:
    assert [one["name"] for one in document] == ["Progress MS-40 Docking", "Juice Earth Flyby"]
    docking, flyby = document
    assert docking["date_precision"] == "Minute"
    assert docking["date_label"].endswith(" UTC")
    assert flyby["date_precision"] == "Month"
    assert ":" not in flyby["date_label"]
    assert flyby["webcast_live"] is True
    assert docking["agencies"][0]["abbrev"] == "RFSA"
    head, first, second = text.out.splitlines()
    assert head.split() == ["DATE", "TYPE", "EVENT", "AGENCIES"]
    assert first.startswith(docking["date_label"])
    assert second.startswith(flyby["date_label"] + "  ")


def _check_changes(text: Finished, document: Any) -> None:
    assert [set(one) for one in document] == [
        {"id", "event_id", "event_name", "kind", "noticed_at", "before", "after"}
    ] * 3
    by_kind = {one["kind"]: one for one in document}
    assert {*by_kind} == {"date", "update", "webcast"}
    assert by_kind["date"]["before"]["date"] < by_kind["date"]["after"]["date"]
    assert by_kind["update"]["after"][0]["comment"] == "The docking waits."
    assert (by_kind["webcast"]["before"], by_kind["webcast"]["after"]) == (False, True)
    assert all(one["noticed_at"].endswith("Z") for one in document)
    assert "The docking waits." in text.out
    assert f"{by_kind['date']['before']['label']} → " in text.out


def _check_deliveries(text: Finished, document: Any, *, change_ids: set[int]) -> None:
    fields = {"id", "change_ids", "event_id", "kind", "destination", "state", "attempts"}
    fields |= {"created_at", "sent_at", "remote_id", "error"}
    assert [set(one) for one in document] == [fields] * 2
    assert {key for one in document for key in one["change_ids"]} == change_ids
    assert {one["kind"] for one in document} == {"date", "webcast"}
    assert {(one["destination"], one["state"]) for one in document} == {("console:all", "sent")}
    assert all(one["created_at"] <= one["sent_at"] for one in document)
    assert text.out.splitlines()[1].split() == ["console", "sent", "2"]


async def test_check_says_what_a_run_will_do(service: Program) -> None:
    """In sentences; with --online LL2 is asked, which costs nothing."""
    dead = service.given(ll2__base_url="http://127.0.0.1:9/2.3.0")
    online = await service.run("check", "--online")
    offline = await dead.run("check", "--online")

    assert (online.code, online.err) == (0, "")
    assert "Keeps everything in the SQLite file perigee.db." in online.out
    assert "Sends to: console." in online.out
    assert online.out.endswith(": 0 of its 15 requests an hour are used.\n")
    assert offline.code == 1
    assert offline.err == (
        "perigee: LL2 at 127.0.0.1 gave no answer: the connection was refused or not possible\n"
    )
    assert [*service.folder.iterdir()] == []


def test_commands_load_no_client_of_a_platform() -> None:
    """They are a quarter of a start; only who sends or asks through one of them needs it."""
    listed = "import sys, bot.cli; print(sorted({'discord', 'telegram'} & {*sys.modules}))"

    done = subprocess.run(  # noqa: S603, ours
        [sys.executable, "-c", listed], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
