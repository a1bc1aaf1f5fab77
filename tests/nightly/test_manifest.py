"""The manifest: what it says, its way to the disk and back, what two of them differ in."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import RULE_SET_VERSION, __version__, config
from auditor.errors import LedgerError
from auditor.ledger import opened
from auditor.nightly import manifest as manifests
from auditor.nightly.differences import differences
from auditor.nightly.effective import effective, settings_of
from auditor.nightly.manifest import Input, Manifest, Output, Table, Watermark
from schemas import Findings, dtypes

TYPES = dtypes(Findings)
SETTINGS = """
select = ["AOC", "PTP"]
line_of_business = "commercial"
report_password_file = "secrets/report"
[payers]
"MEDICARE ADV*" = "commercial"
"MEDICARE*" = "medicare"
[tiers]
"PTP-0" = "review"
[thresholds]
minutes_per_day = 600
[adopted]
commercial = ["PTP"]
[timely_filing_days]
commercial = 180
[nightly]
[nightly.mail]
host = "mail.example.org"
sender = "auditor@example.org"
user = "somebody"
password_file = "secrets/mail"
[nightly.webhook]
url = "https://example.org/hooks/a-secret-of-its-own"
[feeds.clinic]
files = "clinic_*.csv"
mode = "snapshot"
select = ["MUE"]
date_order = "month-first"
recipients = ["coder@example.org"]
[feeds.lab]
files = "lab_*.csv"
mode = "delta"
"""


def finding(**values: object) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: date(2025, 3, 1) if kind == pl.Date() else 1 if kind.is_numeric() else "x"
        for name, kind in TYPES.items()
    }
    return plain | values


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=TYPES, orient="row")


def manifest(**values: object) -> Manifest:
    plain: dict[str, Any] = {
        "run_id": "2026-01-02-0badcafe",
        "feed": "clinic",
        "as_of": date(2026, 1, 2),
        "started_at": "2026-01-02T02:00:00+00:00",
        "ended_at": "2026-01-02T02:03:00+00:00",
        "inputs": (
            Input(sha256="a" * 64, bytes=12, lines=3),
            Input(sha256="b" * 64, bytes=7, lines=1),
        ),
        "reference": (
            Table(kind="aoc", label="AOC 2026", sha256="1" * 64, used=True),
            Table(kind="hcpcs", label="starter set", sha256="2" * 64, used=True),
        ),
        "configuration": {"select": ["AOC"], "thresholds": {"minutes_per_day": 720}},
        "history": Watermark(run=4, lines=1200, digest="c" * 64),
        "versions": manifests.versions(),
        "findings": 2,
        "findings_digest": "d" * 64,
        "outputs": (Output(name="clinic.xlsx", sha256="e" * 64, bytes=99),),
    }
    return Manifest(**plain | values)


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    path = tmp_path / "auditor.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return config.load(path)


def test_a_manifest_comes_back_from_its_text(tmp_path: Path, settings: config.Settings) -> None:
    told = manifest(
        configuration=effective(settings, "clinic"),
        layout='columns = {code = "Proc"}\n',
        layout_sha256="f" * 64,
        decisions="9" * 64,
        version=2,
        rerun_of="2026-01-02-0badcafd",
    )
    path = manifests.write(told, tmp_path)
    assert path.name == "2026-01-02-0badcafe.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text(encoding="ascii")
    assert manifests.from_json(text) == told
    assert manifests.from_json(text).sha256 == hashlib.sha256(text.encode()).hexdigest()
    found = json.loads(text)
    assert list(found) == sorted(found)
    assert found["form"] == 1
    assert found["as_of"] == "2026-01-02"


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace('"AOC"', '"PTP"'),
        lambda t: t.replace('"bytes": 12', '"bytes": "12"'),
        lambda t: t.replace('"feed"', '"feeds"'),
        lambda t: t[:100],
        lambda _: "[]",
        lambda _: "null",
        lambda t: t.replace('  "configuration_sha256"', '  "digest"'),
    ],
)
def test_a_changed_manifest_is_refused(change: Any) -> None:  # noqa: ANN401 - a lambda of the cases
    with pytest.raises(LedgerError, match="damaged, or was changed"):
        manifests.from_json(change(manifest().to_json()))


def test_a_manifest_of_a_newer_version_is_refused_in_words() -> None:
    text = manifest().to_json().replace('"form": 1', '"form": 7')
    with pytest.raises(LedgerError, match="newer auditor"):
        manifests.from_json(text)


def test_the_configuration_is_told_without_secrets(settings: config.Settings) -> None:
    told = effective(settings, "clinic")
    text = json.dumps(told)
    for secret in ("a-secret-of-its-own", "secrets", "somebody"):
        assert secret not in text
    assert (told["report_password_file"], told["password_file"]) == ("set", None)
    assert told["nightly"]["webhook"]["url"] == "set"
    assert told["nightly"]["mail"]["host"] == "mail.example.org"
    assert told["select"] == ["MUE"]  # the feed's own
    assert told["line_of_business"] == "commercial"  # the whole file's
    assert told["payers"] == [["MEDICARE ADV*", "commercial"], ["MEDICARE*", "medicare"]]
    assert told["feed"]["recipients"] == ["coder@example.org"]
    assert set(told) == {f.name for f in dataclasses.fields(config.Settings)} - {"feeds"} | {"feed"}


def test_the_order_of_payers_is_part_of_the_digest(settings: config.Settings) -> None:
    turned = dataclasses.replace(settings, payers=dict(reversed(settings.payers.items())))
    one, two = (manifest(configuration=effective(s, "clinic")) for s in (settings, turned))
    assert one.configuration_sha256 != two.configuration_sha256


def test_the_settings_of_a_run_come_back_from_its_manifest(settings: config.Settings) -> None:
    text = manifest(configuration=effective(settings, "clinic")).to_json()
    now = dataclasses.replace(
        settings,
        select=("GLB",),
        payers={},
        tiers={},
        thresholds=config.Thresholds(),
        feeds={"clinic": dataclasses.replace(settings.feeds["clinic"], select=("NPI",))},
        reference=Path("elsewhere"),
    )
    found = settings_of(manifests.from_json(text), now)
    again, then = config.of_feed(found, "clinic"), config.of_feed(settings, "clinic")
    for name in ("select", "payers", "tiers", "thresholds", "date_order", "adopted"):
        assert getattr(again, name) == getattr(then, name), name
    assert list(again.payers) == list(then.payers)
    assert again.timely_filing_days == {"commercial": 180}
    assert again.reference == Path("elsewhere")
    without = dataclasses.replace(now, feeds={})
    assert settings_of(manifests.from_json(text), without).feeds["clinic"].mode == "snapshot"


def test_the_versions_are_those_of_this_process() -> None:
    told = manifests.versions()
    assert (told.auditor, told.rules, told.polars) == (
        __version__,
        RULE_SET_VERSION,
        pl.__version__,
    )


def test_outputs_are_told_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "b.csv").write_bytes(b"two")
    (tmp_path / "parts" / "a.xlsx").write_bytes(b"one")
    told = manifests.outputs(tmp_path)
    assert [(o.name, o.bytes) for o in told] == [("b.csv", 3), ("parts/a.xlsx", 3)]
    assert told[1].sha256 == hashlib.sha256(b"one").hexdigest()


def test_the_watermark_is_of_the_runs_that_are_looked_back_at(tmp_path: Path) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        assert manifests.watermark(ledger, ()).run == 0
        for run, feed in ((1, "clinic"), (2, "lab"), (3, "clinic")):
            ledger.execute(
                "INSERT INTO runs VALUES (?, ?, ?, '2026-01-02', 1, NULL, NULL, 'x', 0, '{}', '{}',"
                " 'f')",
                (run, f"run-{run}", feed),
            )
            ledger.execute(
                "INSERT INTO segments VALUES (?, ?, 10, 1, ?, NULL)", (run, feed, f"d{run}")
            )
        all_of_it = manifests.watermark(ledger, (1, 3))
        assert (all_of_it.run, all_of_it.lines) == (3, 20)
        before = manifests.watermark(ledger, (1,))
        assert (before.run, before.lines) == (1, 10)
        assert before.digest != all_of_it.digest


def test_the_digest_of_findings_is_fixed() -> None:
    """A manifest of last year is compared with today's program: this text may never change."""
    row = finding(
        units=Decimal("1.500"), charge_amount=Decimal("120.50"), amount_at_risk=None, also=""
    )
    texts = []
    for name in TYPES:
        if name == "run_id":
            continue
        known = {"units": "4:1500", "charge_amount": "5:12050", "amount_at_risk": "-", "also": "0:"}
        kind = TYPES[name]
        plain = "10:2025-03-01" if kind == pl.Date() else "1:1" if kind.is_numeric() else "1:x"
        texts.append(known.get(name, plain))
    names = [name for name in TYPES if name != "run_id"]
    head = "\x1f".join(["auditor findings 1", *names, "1"])
    want = hashlib.sha256(f"{head}\n{''.join(texts)}\n".encode()).hexdigest()
    assert manifests.digest_of_findings(frame(row)) == want


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([finding(also="")], [finding(also="y")]),
        ([finding(payer=None)], [finding(payer="")]),
        ([finding(payer="-")], [finding(payer=None)]),
        ([finding(claim_id="a1:x", code="")], [finding(claim_id="a", code="1:x")]),
        ([finding(code="1"), finding(code="2")], [finding(code="2"), finding(code="1")]),
        ([finding()], [finding(), finding()]),
        ([finding(message="a\nb")], [finding(message="a b")]),
        ([finding(amount_at_risk=Decimal("0.10"))], [finding(amount_at_risk=Decimal("0.11"))]),
    ],
)
def test_other_findings_have_another_digest(
    one: list[dict[str, Any]], two: list[dict[str, Any]]
) -> None:
    first, second = frame(*one), frame(*two)
    assert manifests.digest_of_findings(first) != manifests.digest_of_findings(second)


TEXT = st.none() | st.text(alphabet=st.sampled_from("-:0123\n\x1fa\xe9"), max_size=6)


@given(st.tuples(TEXT, TEXT), st.tuples(TEXT, TEXT))
def test_two_rows_share_a_digest_only_where_they_are_alike(
    one: tuple[str | None, ...], two: tuple[str | None, ...]
) -> None:
    schema = {"a": pl.String, "b": pl.String}
    first, second = (
        manifests.digest_of_findings(pl.DataFrame([row], schema=schema, orient="row"))
        for row in (one, two)
    )
    assert (first == second) == (one == two)


def test_the_run_id_the_file_and_the_chunks_have_no_part_in_the_digest(tmp_path: Path) -> None:
    rows = frame(*(finding(source_row=n, run_id="one") for n in range(5)))
    want = manifests.digest_of_findings(rows)
    assert manifests.digest_of_findings(rows.with_columns(run_id=pl.lit("two"))) == want
    assert manifests.digest_of_findings(pl.concat([rows[:2], rows[2:]], rechunk=False)) == want
    rows.write_parquet(tmp_path / "f.parquet", compression="lz4", row_group_size=2)
    assert manifests.digest_of_findings(pl.read_parquet(tmp_path / "f.parquet")) == want


STARTER = "starter set (222222222222"
OTHER_TABLE = (
    Table(kind="aoc", label="AOC 2027", sha256="3" * 64, used=True),
    Table(kind="hcpcs", label="starter set", sha256="2" * 64, used=False),
)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ()),
        # these always differ from run to run
        ({"run_id": "x", "started_at": "x", "ended_at": "x", "version": 2, "rerun_of": "y"}, ()),
        ({"as_of": date(2026, 2, 1)}, ("as of: 2026-01-02, then 2026-02-01",)),
        (
            {"inputs": manifest().inputs[:1]},
            ("input: without the file bbbbbbbbbbbb",),
        ),
        (
            {"inputs": (*manifest().inputs[::-1],)},
            ("input: the same files in another order",),
        ),
        (
            {"inputs": (Input(sha256="f" * 64, bytes=1, lines=1),)},
            ("input: without the files aaaaaaaaaaaa, bbbbbbbbbbbb and with the file ffffffffffff",),
        ),
        (
            {"inputs": (dataclasses.replace(manifest().inputs[0], lines=9), manifest().inputs[1])},
            ("input: the same files, of which other numbers of lines were read",),
        ),
        (
            {"reference": OTHER_TABLE},
            (
                "reference aoc: without AOC 2026 (111111111111) and with AOC 2027 (333333333333)",
                f"reference hcpcs: without {STARTER}) and with {STARTER}, not used)",
            ),
        ),
        (
            {"configuration": {"select": [], "thresholds": {"minutes_per_day": 600}}},
            (
                'setting select: ["AOC"], then not set',
                "setting thresholds.minutes_per_day: 720, then 600",
            ),
        ),
        ({"layout_sha256": "f" * 64}, ("layout: none, then ffffffffffff",)),
        (
            {"versions": dataclasses.replace(manifest().versions, rules="0", auditor="0")},
            (f"auditor: {__version__}, then 0", f"rule set: {RULE_SET_VERSION}, then 0"),
        ),
        (
            {"history": Watermark(run=5, lines=1300, digest="0" * 64)},
            ("history: 1,200 lines up to run 4, then 1,300 up to run 5, with other content",),
        ),
        ({"decisions": "1"}, ("decisions: the reviewers' decisions in the ledger are others",)),
        ({"findings": 3}, ("findings: 2, then 3",)),
        ({"findings_digest": "0"}, ("findings: 2 in both, with other content",)),
        (
            {
                "outputs": (
                    Output(name="clinic.xlsx", sha256="0", bytes=99),
                    Output(name="z", sha256="0", bytes=1),
                )
            },
            ("output: clinic.xlsx (other)", "output: z (only after)"),
        ),
        ({"feed": "lab"}, ("feed: clinic, then lab",)),
    ],
)
def test_differences_are_told_in_words(values: dict[str, Any], words: tuple[str, ...]) -> None:
    assert differences(manifest(), manifest(**values)) == words
