"""What is wrong with the settings of a night is told at once, each problem with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor import config
from auditor.tomlfile import FileProblems

if TYPE_CHECKING:
    from pathlib import Path

FEED = "[feeds.clinic]\nfiles = 'c_*.csv'\nmode = 'delta'\n"
NOT_ENCRYPTED = (
    "nightly.webhook.url cannot be used: it is not encrypted; only https:// is, and http:// serves"
    " on this machine alone"
)
MAIL = "[nightly.mail]\nhost = 'mail.example.org'\nsender = 'auditor@example.org'\n"
FINE = {
    "least": "[nightly]\n" + FEED,
    "mail": "[nightly]\n" + MAIL + FEED + "recipients = ['ann@example.org']\n",
    "attached": "[nightly]\n"
    + MAIL
    + FEED
    + "recipients = ['ann@example.org']\nattach = true\nencrypt = true\n",
    "folders elsewhere": "[nightly]\ninbox = '/srv/in'\nstate = '../state'\n" + FEED,
    "folders that begin alike": "[nightly]\ninbox = 'box'\noutbox = 'box2'\n" + FEED,
    "webhook": "[nightly]\n[nightly.webhook]\nurl = 'https://hooks.example.org/x'\n" + FEED,
    "webhook on this machine": "[nightly]\n[nightly.webhook]\nurl = 'http://127.0.0.1:8080/x'\n"
    + FEED,
    "limits": "[nightly]\n"
    + FEED
    + "[feeds.clinic.limits]\nexpect_by = '23:59'\nexpect_on = ['monday']\nmax_rejected = 1.0\n",
    "names": "[nightly]\n" + FEED.replace("clinic", "North-2_b"),
    "rules of a feed": "[nightly]\n" + FEED + "select = ['AOC']\n",
}
WRONG = {
    "feeds alone": (FEED, ["feeds are only for a night: [nightly] is missing"]),
    "no feed": ("[nightly]\n", ["nightly has nothing to take: add a table [feeds.NAME]"]),
    "one folder for two": (
        "[nightly]\ninbox = 'a'\narchive = './b/../a'\n" + FEED,
        ["nightly.inbox and nightly.archive are the same folder"],
    ),
    "one folder in another": (
        "[nightly]\narchive = 'inbox/done'\n" + FEED,
        ["nightly.archive lies inside nightly.inbox: each needs a folder of its own"],
    ),
    "everything in the inbox": (
        "[nightly]\ninbox = '.'\n" + FEED,
        [
            f"nightly.{name} lies inside nightly.inbox: each needs a folder of its own"
            for name in ("outbox", "archive", "state")
        ],
    ),
    "numbers": (
        "[nightly]\nstable_seconds = -1\n[nightly.retention]\narchive = -1\n" + FEED,
        [
            "nightly.stable_seconds must be 0 or more",
            "nightly.retention.archive must be 0 (for ever) or a number of days",
        ],
    ),
    "limits": (
        "[nightly]\n[nightly.limits]\nexpect_by = '6:30'\nmin_lines = -5\nmax_rejected = 5.0\n"
        "[nightly.limits.change]\nlines = 0.0\n" + FEED,
        [
            "nightly.limits.expect_by must be a time of day as HH:MM, such as 06:30",
            "nightly.limits.min_lines must be 0 or more",
            "nightly.limits.max_rejected must be from 0 to 1, such as 0.05 for 5%",
            "nightly.limits.change.lines must be above 0, such as 0.5 for half as much again",
        ],
    ),
    "limits of a feed": (
        "[nightly]\n" + FEED + "[feeds.clinic.limits]\nexpect_by = '24:00'\n",
        ["feeds.clinic.limits.expect_by must be a time of day as HH:MM, such as 06:30"],
    ),
    "days": (
        "[nightly]\n" + FEED + "[feeds.clinic.limits]\nexpect_on = ['mon']\n",
        [
            (
                "feeds.clinic.limits.expect_on.0 must be 'monday', 'tuesday', 'wednesday',"
                " 'thursday', 'friday', 'saturday' or 'sunday' (did you mean monday?)"
            )
        ],
    ),
    "names": (
        "[nightly]\n"
        + FEED.replace("clinic", "'../up'")
        + FEED.replace("clinic", "a")
        + FEED.replace("clinic", "A"),
        [
            "feeds.../up must be made of letters, digits, - and _: folders are named so",
            "feeds.A and feeds.a differ by case alone",
        ],
    ),
    "pattern": (
        "[nightly]\n" + FEED.replace("c_*.csv", "in/c_*.csv"),
        ["feeds.clinic.files must be a pattern for names in the inbox, such as 'clinic_*.csv'"],
    ),
    "nobody to send it": (
        "[nightly]\n" + FEED + "recipients = ['ann@example.org', 'bob']\nattach = true\n",
        [
            "feeds.clinic.recipients: entry 2 is no mail address",
            "feeds.clinic.recipients get no mail without a table [nightly.mail]",
            "feeds.clinic.attach sends encrypted workbooks only: say encrypt = true as well",
        ],
    ),
    "mail": (
        "[nightly]\n[nightly.mail]\nhost = ' '\nsender = 'auditor'\nport = 0\n" + FEED,
        [
            "nightly.mail.sender is neither an address nor 'Name <address>'",
            "nightly.mail.host is no name of a server",
            "nightly.mail.port must be from 1 to 65535",
        ],
    ),
    "webhook": (
        "[nightly]\n[nightly.webhook]\nurl = 'http://hooks.example.org/x'\n" + FEED,
        [NOT_ENCRYPTED],
    ),
    "webhook nowhere": (
        "[nightly]\n[nightly.webhook]\nurl = 'https://[::1'\n" + FEED,
        ["nightly.webhook.url cannot be used: it is no address of the web"],
    ),
    "how a feed is read": (
        "[nightly]\n" + FEED + "year_pivot = 100\n[feeds.clinic.columns]\ncod = 'Proc'\n",
        [
            "feeds.clinic.year_pivot must be from 0 to 99",
            "feeds.clinic.columns.cod is no field (did you mean code?)",
        ],
    ),
    "a heading that was left out": (
        "[nightly]\nexpect_by = '05:30'\n" + FEED + "min_lines = 5\nhost = 'x'\n"
        "[nightly.mail]\nhots = 'x'\nhost = 'mail.example.org'\nsender = 'a@example.org'\n",
        [
            "nightly.mail.hots is no setting (did you mean host?)",
            "nightly.expect_by is no setting: it belongs under [nightly.limits]",
            "feeds.clinic.min_lines is no setting: it belongs under [feeds.clinic.limits]",
            "feeds.clinic.host is no setting",
        ],
    ),
    "rules of a feed": (
        "[nightly]\n" + FEED + "ignore = ['AOK']\n",
        ["feeds.clinic.ignore: there is no rule 'AOK' (did you mean AOC?)"],
    ),
}


def written(text: str, folder: Path) -> Path:
    path = folder / "auditor.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_nothing_is_wrong(text: str, tmp_path: Path) -> None:
    assert config.load(written(text, tmp_path)).feeds


@pytest.mark.parametrize(("text", "told"), WRONG.values(), ids=WRONG)
def test_every_problem_is_told(text: str, told: list[str], tmp_path: Path) -> None:
    with pytest.raises(FileProblems) as problems:
        config.load(written(text, tmp_path))
    assert list(problems.value.problems) == told


def test_folders_are_one_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").symlink_to("real")
    text = "[nightly]\ninbox = 'real'\noutbox = 'linked'\n" + FEED
    with pytest.raises(FileProblems, match=r"nightly\.inbox and nightly\.outbox are the same"):
        config.load(written(text, tmp_path))
