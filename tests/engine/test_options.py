"""What the operator's policy changes, and what it leaves alone."""

from oracle.harness import Found, found, run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines
from auditor.rules.options import RuleOptions

FEES = [
    ("27447", "", "A", "0", "090"),
    ("99213", "", "A"),
    ("99080", "", "B"),
    ("20610", "", "A", "0", "000"),
]
TABLES = memory_reference(
    fees=FEES, ptp=[("20610", "99213", 0), ("99213", "99080", 0)], vouches_to="2024-12-31"
)
SURGERY = ("27447-RT pos=22 dos=2025-11-03",)
PARTNER = "99213 dos=2025-11-20 claim=C2 npi=1222222220"


def judged(*texts: str, **options: object) -> set[str]:
    lines = claim_lines(texts)
    told: list[Found] = found(run(lines, TABLES, options=RuleOptions(**options)), lines)  # type: ignore[arg-type]
    return {f"{f.line + 1} {f.rule} {f.tier}" for f in told if f.rule[:3] in ("GLB", "PTP", "STA")}


def test_what_the_operator_changed_and_nothing_else() -> None:
    assert RuleOptions().changed() == {}
    assert RuleOptions(minutes_per_day=720, tiers={}).changed() == {}
    said = {"tiers": {"AOC-1": "info"}, "minutes_per_day": 600, "release_gap_review": 0}
    assert RuleOptions(**said).changed() == said  # type: ignore[arg-type]


def test_who_is_the_same_practitioner_can_be_said() -> None:
    colleague = PARTNER + " spec=207X00000X"
    assert judged(*SURGERY, PARTNER) == {"2 GLB-24 review"}
    assert judged(*SURGERY, PARTNER, same_practitioner={"GLB-24": "rendering"}) == set()
    assert judged(*SURGERY, colleague) == set()
    assert judged(*SURGERY, colleague, same_practitioner={"GLB-24": "group"}) == {"2 GLB-24 review"}


def test_a_rule_is_held_to_a_weaker_tier() -> None:
    assert judged(*SURGERY, PARTNER, tiers={"GLB-24": "info"}) == {"2 GLB-24 info"}
    assert judged("99080", tiers={"STA-B": "review"}) == {"1 STA-B review"}
    assert judged("99080", tiers={"GLB-24": "review"}) == {"1 STA-B certain"}


def test_a_rule_that_is_held_down_does_not_head_one_that_is_not() -> None:
    """The status goes before the pair, until its own tier is weaker."""
    both = ("99213", "99080")
    assert judged(*both) == {"2 STA-B certain"}
    assert judged(*both, tiers={"STA-B": "info"}) == {"2 PTP-0 certain"}
    assert judged(*both, tiers={"STA-B": "info", "PTP-0": "info"}) == {"2 STA-B info"}


def test_what_a_payer_adopted_is_judged_at_its_own_tier() -> None:
    pair = ("20610 lob=commercial", "99213 lob=commercial")
    assert judged(*pair) == {"2 PTP-0 review"}
    assert judged(*pair, adopted={"commercial": frozenset(["PTP-0"])}) == {"2 PTP-0 certain"}
    assert judged(*pair, adopted={"medicaid": frozenset(["PTP-0"])}) == {"2 PTP-0 review"}


def test_old_tables_can_be_held_to_review() -> None:
    """The tables vouch to the end of 2024; the service is four quarters later."""
    assert judged("99080", release_gap_review=4) == {"1 STA-B certain"}
    assert judged("99080", release_gap_review=3) == {"1 STA-B review"}
    lines = claim_lines(["99080"])
    told = found(run(lines, TABLES, options=RuleOptions(release_gap_review=3)), lines)
    assert "4 quarters older" in told[0].text


def test_the_implausible_day_is_the_operators() -> None:
    day = ("20610", "99213", "36415", "85025")
    assert judged(*day) == {"2 PTP-0 certain"}
    assert judged(*day, implausible_day_lines=3) == set()
