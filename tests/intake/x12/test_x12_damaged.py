"""Damaged 837P files: refused, or every line accounted for; never a crash, never a silent loss."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from x12_build import (
    HEADER,
    claim,
    dependent,
    group,
    interchange,
    provider,
    service,
    subscriber,
    transaction,
    written,
)

from auditor.errors import AuditorError
from auditor.intake import Intake, read_claims

if TYPE_CHECKING:
    import random
    from pathlib import Path

BODY = [
    *provider(),
    *subscriber(2, 1, "MEMBER1", child=1),
    *claim("C1", service(1), service(2, "HC:99214:25")),
    *claim("C2", more=("NM1*82*1*A*****XX*1777777776", "SBR*S*18", "NM1*IL*1*ROE")),
    *dependent(3, 2),
    *claim("C3"),
    *subscriber(4, 1, "MEMBER2"),
    *claim("C4", service(1), service(2), service(3)),
]
SEGMENTS = interchange(
    group(transaction(*HEADER, *BODY), transaction(*HEADER, *BODY, number="0002"))
)
TEXT = written(SEGMENTS)
LINES = 14

BYTES = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.sampled_from(
        [b"~", b"*", b":", b"^", b"\n", b"\r", b"\x00", b"\xff\xfe", b"ISA*", b"IEA~", b"\x1d",
         b"\x1f", b"\x1e", b"", b"HL*", b"LX*1~", b"CLM*"]
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "claims.837"


def survives(path: Path, content: bytes) -> Intake | None:
    """Read it; check that nothing was lost. None for a file that was refused."""
    path.write_bytes(content)
    intake, refused = None, None
    try:
        intake = read_claims([path])
    except AuditorError as error:
        refused = error
    if intake is None:
        assert refused.what
        assert refused.next_step
        assert "MEMBER" not in str(refused)
        return None
    (file,) = intake.files
    held = intake.lines.height + intake.rejected.height + intake.set_aside.height
    assert file.lines_read == held
    assert all(isinstance(json.loads(raw), dict) for raw in intake.rejected["raw"])
    rows = [*intake.lines["source_row"], *intake.rejected["source_row"]]
    assert len(set(rows)) == len(rows)
    return intake


@given(wounds=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 3), BYTES), max_size=4))
def test_damaged_bytes(place: Path, wounds: list[tuple[int, int, bytes]]) -> None:
    content = bytearray(TEXT.encode())
    for at, gone, put in wounds:
        content[at : at + gone] = put
    intake = survives(place, bytes(content))
    if not wounds:
        assert intake is not None
    if intake is not None and intake.files[0].encoding.startswith("837P"):
        assert intake.files[0].lines_read >= LINES


def whole(segments: list[str]) -> list[str]:
    """`segments` with SE01 as it would have to be: damage that the envelope does not show."""
    found, start = [], 0
    for n, segment in enumerate(segments):
        start = n if segment.startswith("ST*") else start
        if segment.startswith("SE*"):
            found.append(f"SE*{n - start + 1}*{segment.split('*')[2]}")
        else:
            found.append(segment)
    return found


@given(
    seed=st.randoms(use_true_random=False),
    kinds=st.lists(st.sampled_from(["drop", "double", "swap", "move"]), min_size=1, max_size=4),
    mend=st.booleans(),
)
def test_damaged_segments(
    place: Path,
    seed: random.Random,
    kinds: list[str],
    mend: bool,  # noqa: FBT001 -- hypothesis
) -> None:
    segments = list(SEGMENTS)
    for kind in kinds:
        at, other = seed.randrange(1, len(segments)), seed.randrange(1, len(segments))
        if kind == "drop":
            del segments[at]
        elif kind == "double":
            segments.insert(at, segments[at])
        elif kind == "swap":
            segments[at], segments[other] = segments[other], segments[at]
        else:
            segments.insert(other, segments.pop(at))
    intake = survives(place, written(whole(segments) if mend else segments).encode())
    if intake is not None:  # every service is somewhere
        services = sum(segment.startswith("SV1") for segment in segments)
        assert intake.files[0].lines_read >= services


@given(at=st.integers(1, len(SEGMENTS) - 1))
def test_a_dropped_or_doubled_segment_is_seen(place: Path, at: int) -> None:
    left, right = SEGMENTS[:at], SEGMENTS[at + 1 :]
    assert survives(place, written(left + right).encode()) is None
    assert survives(place, written([*left, SEGMENTS[at], SEGMENTS[at], *right]).encode()) is None


@given(cut=st.integers(0, len(TEXT)))
def test_a_file_cut_anywhere_is_refused_or_whole(place: Path, cut: int) -> None:
    intake = survives(place, TEXT.encode()[:cut])
    assert (intake is not None) == (cut >= len(TEXT) - 2)  # the last line end and terminator
    if intake is not None:
        assert intake.lines.height == LINES


@given(cut=st.integers(0, len(TEXT)))
def test_a_second_interchange_cut_anywhere(place: Path, cut: int) -> None:
    intake = survives(place, TEXT.encode() + TEXT.encode()[:cut])
    assert (intake is not None) == (cut == 0 or cut >= len(TEXT) - 2)


@given(content=st.binary(max_size=300))
def test_random_bytes(place: Path, content: bytes) -> None:
    assert survives(place, b"ISA*" + content) is None
    assert survives(place, TEXT[:106].encode() + content) is None
