"""What an audit gets: only what it asks for, from the releases that judge."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.reference import load_reference
from auditor.reference.importer import import_files
from auditor.reference.starter import FILES, starter_frame, starter_release
from auditor.reference.tables import MODELS

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Kind, Reference
    from tests.reference.conftest import Make

POLICY = "2 Date of Service Edit: Policy"
CODES = pl.Series(["10060", "20610", "99213"])


def loaded(inbox: Path, store: Path, files: dict[str, bytes]) -> Reference:
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    import_files([inbox], store)
    return load_reference(store)


def test_the_starter_set_serves_what_was_never_imported(
    make: type[Make], inbox: Path, store: Path
) -> None:
    files = {"AOC_V2025Q4-MCR.txt": make.aoc([("1", "0071U", "", "0070U", "", "2018274", "", "")])}
    reference = loaded(inbox, store, files)
    assert not reference.is_starter("aoc")
    assert reference.is_starter("ptp-practitioner")
    assert reference.is_starter("mue-practitioner")
    assert reference.is_starter("fee-schedule")
    assert reference.addons(pl.Series(["77002"])).is_empty()
    assert reference.release("hcpcs") is None
    assert not reference.is_starter("hcpcs")
    assert reference.hcpcs().is_empty()
    assert reference.release("ptp-hospital") is None


@pytest.mark.parametrize("kind", FILES)
def test_starter_tables_fit_their_models(kind: Kind) -> None:
    MODELS[kind].validate(starter_frame(kind))
    release = starter_release(kind)
    assert release.starter
    assert release.used
    assert release.rows == starter_frame(kind).height > 0
    assert release.effective.day == 1
    assert release.effective < release.vouches_to


def test_without_a_folder_the_starter_set_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITOR_REFERENCE", raising=False)
    reference = load_reference()
    assert {r.kind for r in reference.releases()} == set(FILES)
    assert reference.addons(pl.Series(["77002"])).height > 50


def test_the_environment_names_the_store(
    make: type[Make], inbox: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(inbox, store, {"MCR_MUE_X_Eff_04-01-2026.csv": make.mue([("10060", 1, POLICY, "x")])})
    monkeypatch.setenv("AUDITOR_REFERENCE", str(store))
    assert not load_reference().is_starter("mue-practitioner")


def test_pairs_come_with_both_codes_asked_for(make: type[Make], inbox: Path, store: Path) -> None:
    rows = [
        ("10060", "99213", "", "20200101", "*", "1", "x"),
        ("10060", "99214", "", "20200101", "*", "1", "x"),
        ("10061", "99213", "", "20200101", "*", "1", "x"),
        ("20610", "10060", "", "20200101", "20201231", "0", "x"),
        ("20610", "10060", "", "20210401", "20210401", "9", "x"),
    ]
    files = {f"ccipra-v302r0-f{n}.TXT": make.ptp(rows[n - 1 : n]) for n in (1, 2, 3)}
    files["ccipra-v302r0-f4.TXT"] = make.ptp(rows[3:])
    found = loaded(inbox, store, files).ptp(CODES)
    MODELS["ptp-practitioner"].validate(found)
    # A row that was never in force stays in the table: leaving it out is the audit's business.
    assert found.select("column1", "column2", "modifier_indicator").rows() == [
        ("10060", "99213", 1),
        ("20610", "10060", 0),
        ("20610", "10060", 9),
    ]
    assert load_reference(store).ptp(pl.Series([], dtype=pl.String)).is_empty()


def test_addons_come_with_all_their_primaries(make: type[Make], inbox: Path, store: Path) -> None:
    rows = [
        ("1", "77002", "", "20610", "", "2013091", "", ""),
        ("1", "77002", "", "62270", "", "2013091", "", ""),
        ("2", "0054T", "", "77002", "", "2013091", "", ""),
    ]
    reference = loaded(inbox, store, {"AOC_V2025Q4-MCR.txt": make.aoc(rows)})
    found = reference.addons(pl.Series(["77002", "20610"]))
    MODELS["aoc"].validate(found)
    assert found["primary"].to_list() == ["20610", "62270"]


def test_limits_apply_from_their_release_until_the_next(
    make: type[Make], inbox: Path, store: Path
) -> None:
    name = "MCR_MUE_PractitionerServices_Eff_{}.csv"

    def limits(*values: tuple[str, int]) -> bytes:
        return make.mue([(*value, POLICY, "x") for value in values])

    reference = loaded(
        inbox,
        store,
        {
            name.format("07-01-2024"): limits(("10060", 1), ("20610", 2)),
            name.format("04-01-2026"): limits(("10060", 3)),
            name.format("01-01-2025"): limits(("10060", 2), ("99999", 2)),
        },
    )
    found = reference.mue(CODES)
    MODELS["mue-practitioner"].validate(found)
    assert found.select("code", "mue_value", "valid_from", "valid_to", "release").rows() == [
        ("10060", 1, date(2024, 7, 1), date(2024, 12, 31), "MUE practitioner 2024Q3"),
        ("20610", 2, date(2024, 7, 1), date(2024, 12, 31), "MUE practitioner 2024Q3"),
        ("10060", 2, date(2025, 1, 1), date(2026, 3, 31), "MUE practitioner 2025Q1"),
        ("10060", 3, date(2026, 4, 1), None, "MUE practitioner 2026Q2"),
    ]
    newest = reference.release("mue-practitioner")
    assert newest is not None
    assert newest.label == "MUE practitioner 2026Q2"


def test_fees_apply_likewise(make: type[Make], inbox: Path, store: Path) -> None:
    flags = ("0", "XXX", "0", "0", "0", "0", "0")
    reference = loaded(
        inbox,
        store,
        {
            "PPRRVU2025_Oct.csv": make.fees(
                [("99213", "", "A", *flags), ("71046", "26", "A", *flags)]
            ),
            "PPRRVU26_APR.txt": make.fees_text([("99213", "", "N", *flags)]),
        },
    )
    found = reference.fees(CODES)
    MODELS["fee-schedule"].validate(found)
    assert found.select("code", "component", "status", "valid_from", "valid_to").rows() == [
        ("99213", "", "A", date(2025, 10, 1), date(2026, 3, 31)),
        ("99213", "", "N", date(2026, 4, 1), None),
    ]


def test_tables_with_their_own_dates_come_from_the_newest_release_alone(
    make: type[Make], inbox: Path, store: Path
) -> None:
    old = [("1", "77002", "", "20610", "", "2013091", "", "")]
    new = [("1", "77002", "", "20610", "", "2013091", "2025365", "")]
    reference = loaded(
        inbox, store, {"AOC_V2026Q1-MCR.txt": make.aoc(new), "AOC_V2025Q4-MCR.txt": make.aoc(old)}
    )
    assert reference.addons(pl.Series(["77002"]))["deletion"].to_list() == [date(2025, 12, 31)]
    assert [(r.label, r.used, r.note) for r in reference.releases() if r.kind == "aoc"] == [
        ("AOC 2025Q4", False, "its history is in AOC 2026Q1"),
        ("AOC 2026Q1", True, ""),
    ]


def test_hcpcs_comes_whole(make: type[Make], inbox: Path, store: Path) -> None:
    rows = [("   A1", "7", "C", "20020701", ""), ("J1100", "3", "D", "19860101", "20251231")]
    found = loaded(inbox, store, {"HCPC2025_OCT_ANWEB.xlsx": make.hcpcs(rows)}).hcpcs()
    MODELS["hcpcs"].validate(found)
    assert found["code"].to_list() == ["A1", "J1100"]


def test_hospital_tables_do_not_judge_professional_claims(
    make: type[Make], inbox: Path, store: Path
) -> None:
    rows = [("10060", "99213", "", "20200101", "*", "1", "x")]
    files = {f"ccioph-v302r0-f{n}.TXT": make.ptp(rows) for n in (1, 2, 3, 4)}
    files["MCR_MUE_OutpatientHospitalServices_Eff_04-01-2026.csv"] = make.mue(
        [("10060", 99, POLICY, "x")], "Outpatient Hospital"
    )
    reference = loaded(inbox, store, files)
    assert reference.is_starter("ptp-practitioner")
    assert 99 not in reference.mue(CODES)["mue_value"].to_list()
    assert reference.release("ptp-hospital") is not None


def test_every_release_stands_in_a_fixed_order(make: type[Make], inbox: Path, store: Path) -> None:
    reference = loaded(inbox, store, {"AOC_V2025Q4-MCR.txt": make.aoc(
        [("1", "77002", "", "20610", "", "2013091", "", "")])})  # fmt: skip
    assert [release.kind for release in reference.releases()] == [
        "aoc", "ptp-practitioner", "mue-practitioner", "fee-schedule"
    ]  # fmt: skip
