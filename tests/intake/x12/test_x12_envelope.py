"""The envelope: what is refused by its name, and what is refused as cut short or damaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from x12_build import (
    HEADER,
    claim,
    group,
    interchange,
    isa,
    provider,
    subscriber,
    transaction,
    usual,
    written,
)

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

BODY = (*HEADER, *provider(), *subscriber(), *claim())


def file(**kind: str) -> str:
    version = kind.pop("version", "005010X222A1")
    code = kind.pop("code", "HC")
    return written(interchange(group(transaction(*BODY, **kind), version=version, code=code)))


# --- refused by name


@pytest.mark.parametrize(
    ("kind", "guide", "name"),
    [
        ("8X7", "005010X222A1", "a file whose kind cannot be told (ST01)"),
        ("837", "005010X223A2", "an institutional claim file (837I)"),
        ("837", "005010X223", "an institutional claim file (837I)"),
        ("837", "005010X224A2", "a dental claim file (837D)"),
        ("837", "005010X298", "a file of adjudicated professional claims (837)"),
        ("837", "004010X098A1", "a professional claim file (837P) of version 4010"),
        ("837", "004010X096A1", "an institutional claim file (837I) of version 4010"),
        ("837", "006020X323", "a professional claim file (837P) of version 6020"),
        ("837", "005010X999", "a claim file (837) of the guide 005010X999"),
        ("835", "005010X221A1", "a remittance advice (835)"),
        ("834", "005010X220A1", "an enrollment file (834)"),
        ("270", "005010X279A1", "an eligibility inquiry (270)"),
        ("271", "005010X279A1", "an eligibility response (271)"),
        ("276", "005010X212", "a claim status inquiry (276)"),
        ("277", "005010X214", "a claim status or claim acknowledgment file (277)"),
        ("278", "005010X217", "an authorization request or response (278)"),
        ("820", "005010X218", "a premium payment file (820)"),
        ("997", "005010", "a functional acknowledgment (997)"),
        ("999", "005010X231A1", "an implementation acknowledgment (999)"),
        ("850", "004010", "a file of transaction set 850"),
    ],
)
def test_other_files_are_refused_by_name(
    read_x12: Callable[..., Intake], kind: str, guide: str, name: str
) -> None:
    with pytest.raises(InputRejected, match=re.escape(f"The file is X12: {name}, which is not")):
        read_x12(file(kind=kind, guide=guide, version=guide))


def test_the_guide_may_stand_in_either_place_alone(read_x12: Callable[..., Intake]) -> None:
    assert read_x12(file(guide="")).lines.height == 1
    assert read_x12(file(version="005010")).lines.height == 1
    assert read_x12(file(guide="005010X222A2", version="005010X222")).lines.height == 1
    with pytest.raises(InputRejected, match=r"does not name the guide"):
        read_x12(file(guide="", version="005010"))
    with pytest.raises(InputRejected, match="837I"):
        read_x12(file(guide="005010X223A2"))
    with pytest.raises(InputRejected, match="837D"):
        read_x12(file(version="005010X224A2"))


def test_an_acknowledgment_of_an_interchange(read_x12: Callable[..., Intake]) -> None:
    ta1 = "TA1*000000001*240105*1023*A*000"
    with pytest.raises(InputRejected, match="TA1"):
        read_x12(written([isa(), ta1, "IEA*0*000000001"]))
    # Beside claims it is no hindrance.
    plain = interchange(group(transaction(*BODY)))
    assert read_x12(written([plain[0], ta1, *plain[1:]])).lines.height == 1


def test_of_mixed_groups_the_other_one_is_named(read_x12: Callable[..., Intake]) -> None:
    good = group(transaction(*BODY))
    bad = group(transaction(*BODY, guide="005010X223A2"), number=2, version="005010X223A2")
    at = len(good) + 3
    said = f"Functional group 2 of the X12 file (its transaction at segment {at}) is an instit"
    with pytest.raises(InputRejected, match=re.escape(said)):
        read_x12(written(interchange(good, bad)))
    with pytest.raises(InputRejected, match=r"Functional group 2 .*\(837I\)"):
        read_x12(written(interchange(good) + interchange(bad, number=2)))


# --- what is whole


def test_several_transactions_groups_and_interchanges(read_x12: Callable[..., Intake]) -> None:
    two = [transaction(*BODY, number=f"{n:04}") for n in (1, 2)]
    first = interchange(group(*two), group(two[0], number=7))
    intake = read_x12(written(first + interchange(group(two[1]), number=2)))
    assert intake.lines.height == 4
    assert intake.files[0].lines_read == 4


def test_zeros_before_a_control_number_do_not_matter(read_x12: Callable[..., Intake]) -> None:
    text = usual().replace("IEA*1*000000001", "IEA*1*1").replace("SE*23*", "SE*0023*")
    assert read_x12(text).lines.height == 1


# --- damage, with figures

PLAIN = interchange(group(transaction(*BODY)))
LAST = len(PLAIN)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"SE*{LAST - 4}*", "SE*99*", f"and its SE (segment {LAST - 2}) says 99"),
        (f"SE*{LAST - 4}*", "SE**", "says no number"),
        ("GE*1*", "GE*2*", f"has 1 transaction, and its GE (segment {LAST - 1}) says 2"),
        ("IEA*1*", "IEA*3*", f"has 1 functional group, and its IEA (segment {LAST}) says 3"),
        ("*0001\n", "*0009\n", "begins at segment 3 (ST02) is not that of its SE"),
        ("GE*1*1", "GE*1*8", "begins at segment 2 (GS06) is not that of its GE"),
        ("IEA*1*000000001", "IEA*1*000000004", "begins at segment 1 (ISA13) is not that of its"),
        ("IEA*1*000000001", "IEA*1", "begins at segment 1 (ISA13) is not that of its"),
        ("N4*MIAMI*FL*33413\n", "", f"has {LAST - 5} segments, and its SE"),
        ("LX*1\n", "LX*1\nLX*1\n", f"has {LAST - 3} segments, and its SE"),
        ("CLM*", "CLN*", "is none that a claim file has"),
        ("CLM*", "clm*", "is none that a claim file has"),
        ("CLM*", "CLMX*", "is none that a claim file has"),
        ("SE*", "GE*", "is GE where SE belongs"),
        ("IEA*1*000000001\n", "", f"it ends after {LAST - 1} segments without GS or IEA"),
        ("GE*1*1\n", "", f"segment {LAST - 1} is IEA where ST or GE belongs"),
        ("GS*HC*SENDER*RECEIVER*20240105*1023*1*X*005010X222A1\n", "", "is ST where TA1 or GS"),
        ("GE*1*1\n", "GE*1*1\nN3*X\n", f"segment {LAST} stands outside every transaction"),
        ("IEA*1*000000001\n", "IEA*1*000000001\nN3*X\n",
         f"segment {LAST + 1} stands outside every transaction"),
        ("HL*2*1*22*0", "HL*2*9*22*0", "does not hang under the one before it"),
        ("HL*2*1*22*0", "HL*2*1*23*0", "does not hang under the one before it"),
        ("HL*1**20*1", "HL*1**19*1", "is none of a claim file"),
    ],
)  # fmt: skip
def test_damage_is_told_with_figures(
    read_x12: Callable[..., Intake], old: str, new: str, said: str
) -> None:
    lines = "\n".join(PLAIN) + "\n"
    assert old in lines
    end = lines.rindex(old)
    text = lines[:end] + new + lines[end + len(old) :]
    with pytest.raises(InputRejected, match=re.escape(said)) as caught:
        read_x12(written(text.splitlines()))
    assert "cut short or damaged" in caught.value.what
    assert "again" in caught.value.next_step


def test_a_level_may_not_hang_under_that_of_another_transaction(
    read_x12: Callable[..., Intake],
) -> None:
    orphan = transaction(*HEADER, *subscriber(), *claim(), number="0002")
    with pytest.raises(InputRejected, match="does not hang under"):
        read_x12(written(interchange(group(transaction(*BODY), orphan))))


@pytest.mark.parametrize("place", [3, 6, 17, 31, 50, 69, 81, 99, 103, 104, 105])
def test_an_isa_out_of_place_is_refused(read_x12: Callable[..., Intake], place: int) -> None:
    text = written(PLAIN)
    with pytest.raises(InputRejected):
        read_x12(text[:place] + text[place + 1 :])
    later = written(PLAIN, end="")
    with pytest.raises(InputRejected):
        read_x12(later + later[:place] + "X" + later[place:])


@pytest.mark.parametrize("component", ["A", "*", "~", " "])
def test_delimiters_must_differ_and_be_none_of_the_text(
    read_x12: Callable[..., Intake], component: str
) -> None:
    text = written(PLAIN)
    with pytest.raises(InputRejected, match="ISA segment"):
        read_x12(text[:104] + component + text[105:])


def test_no_message_quotes_the_file(read_x12: Callable[..., Intake]) -> None:
    text = written(PLAIN).replace("NM1*IL", "DOE*IL").replace("SE*", "SE*X")
    with pytest.raises(InputRejected) as caught:
        read_x12(text)
    assert not re.search("DOE|JANE|M1", str(caught.value))
