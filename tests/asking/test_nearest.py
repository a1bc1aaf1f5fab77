"""Known codes that are written like a word that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.asking.nearest import nearest
from auditor.reference import load_reference, memory_reference
from auditor.reference.interface import Reference

CODES = ("20610", "20611", "20605", "27447", "99213", "99231", "J1885", "A4550", "E0601", "0042T")


@pytest.fixture(scope="module")
def small() -> Reference:
    return memory_reference(
        fees=[(name, "", "A") for name in CODES], hcpcs=[("J1100",), ("ZX", "modifier")]
    )


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("2061", "20610"),
        ("206110", "20610"),
        ("26010", "20610"),
        ("2O610", "20610"),
        ("99123", "99213"),
        ("J188S", "J1885"),
        ("0O42T", "0042T"),
        ("a455O", "A4550"),
        ("J1110", "J1100"),
    ],
)
def test_the_likeliest_stands_first(small: Reference, word: str, first: str) -> None:
    assert nearest(word, small)[0] == first


@pytest.mark.parametrize("word", ["", "ZZZZZ", "123456789", "5", "00000", "---"])
def test_nothing_is_near(small: Reference, word: str) -> None:
    assert not set(nearest(word, small)) & {*CODES}


def test_a_word_is_not_near_itself_and_few_are_told(small: Reference) -> None:
    assert "20610" not in nearest("20610", small)
    assert nearest("20610", small, most=1) == ("20611",)


def test_two_characters_are_looked_up_among_modifiers(small: Reference) -> None:
    assert nearest("X2", small)[0] == "ZX" or "XS" in nearest("X5", small)
    assert all(len(found) == 2 for found in nearest("X5", small))


@given(st.sampled_from(CODES), st.integers(0, 4), st.sampled_from("0123456789"))
def test_one_slip_leads_back(name: str, at: int, new: str) -> None:
    reference = memory_reference(fees=[(name, "", "A")])
    slips = [name[:at] + name[at + 1 :], name[:at] + new + name[at:]]
    if name[at].isdigit():
        slips.append(name[:at] + new + name[at + 1 :])
    if at < 4:
        slips.append(name[:at] + name[at + 1] + name[at] + name[at + 2 :])
    for slip in slips:
        assert slip == name or name in nearest(slip, reference, most=99)


def test_the_starter_set_is_enough() -> None:
    assert "77002" in nearest("77020", load_reference())
