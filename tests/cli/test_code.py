"""`auditor code`: what is printed, whole, and what goes wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SNAPSHOTS = Path(__file__).parent / "snapshots"
DAY = ("--date", "2025-11-03")
WIDEST = 80


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("add-on", ("77002",)),
        ("bundled", ("99002",)),
        ("visit-with", ("99213", "--with", "20610")),
        ("laboratory", ("80053",)),
        ("modifier", ("59",)),
        ("unknown", ("2061", "ZZZZZ")),
        ("ended", ("99241",)),
    ],
)
def test_a_card_whole(
    name: str,
    args: tuple[str, ...],
    run: Callable[..., Any],
    golden: Callable[[Path, str], None],
) -> None:
    told = run("code", *args, *DAY)
    assert (told.code, told.err) == (0, "")
    assert told.out.isascii()
    assert max(map(len, told.out.splitlines())) <= WIDEST
    golden(SNAPSHOTS / f"code-{name}.txt", told.out)


def test_json_is_one_object_with_the_same_facts(run: Callable[..., Any]) -> None:
    told = json.loads(run("code", "77002", "59", "--json", *DAY).out)
    assert told["schema_version"] == 1
    assert told["date"] == "2025-11-03"
    card, modifier = told["cards"]
    assert (card["type"], card["code"], card["state"]) == ("code", "77002", "in use")
    assert "20610" in [primary["code"] for primary in card["addon"]["primaries"]]
    assert card["units"][0]["value"] == 1
    assert (modifier["type"], modifier["modifier"], modifier["bypasses"]) == (
        "modifier",
        "59",
        True,
    )


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("03/02/2026", "'03/02/2026' is not a day. Did you mean 2026-03-02?"),
        ("2026-13-01", "'2026-13-01' is not a day. Write it as 2026-03-02."),
        ("tomorrow", "'tomorrow' is not a day."),
    ],
)
def test_what_is_no_day_is_told_as_in_check(run: Callable[..., Any], day: str, said: str) -> None:
    told = run("code", "99213", "--date", day)
    assert (told.code, told.out) == (2, "")
    assert said in told.err


def test_all_lists_every_pair(run: Callable[..., Any]) -> None:
    few, every = (run("code", "99213", *DAY, *more).out for more in ((), ("--all",)))
    assert " more." in few
    assert " more." not in every
    assert "--all shows" not in every


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (("77002-26",), "more than a code"),
        (("",), "empty"),
        (("77002", "--with", "26"), "auditor check 77002-26"),
        (("77002", "--date", "soon"), "soon"),
        ((), "CODE"),
    ],
)
def test_a_mistake_is_told_in_two_sentences(
    args: tuple[str, ...], part: str, run: Callable[..., Any]
) -> None:
    told = run("code", *args)
    assert (told.code, told.out) == (2, "")
    assert part in told.err
    assert "Traceback" not in told.err
