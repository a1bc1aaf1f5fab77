"""An independent reading of 837P files: pyx12 tells the loops, plain Python the rest.

Slow and simple on purpose: one segment after the other, the state in dictionaries.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
import pyx12.error_handler
import pyx12.map_if
import pyx12.params
import pyx12.segment
import pyx12.x12context

_PARAMS = pyx12.params.params()
_MAP = cache(pyx12.map_if.load_map_file)
"""The maps of loops, each read once: a walk counts in a counter of its own and changes none."""


class Listener(pyx12.error_handler.errh_null):
    """Keeps what pyx12 finds wrong with the structure and the elements."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def isa_error(self, *told: object) -> None:
        self.found.append(str(told[1]))

    gs_error = st_error = seg_error = ele_error = isa_error


@dataclass
class State:
    """What the loops opened so far have said."""

    provider: dict[str, str] = field(default_factory=dict)
    subscriber: dict[str, str] = field(default_factory=dict)
    patient: dict[str, str] | None = None
    claim: dict[str, str] = field(default_factory=dict)
    line: dict[str, str] = field(default_factory=dict)


def walk(text: str) -> tuple[list[dict[str, object]], list[str]]:
    """(the claim lines of a file, what pyx12 finds wrong with it)."""
    listener = Listener()
    state = State()
    rows: list[tuple[int, State]] = []
    for number, node in enumerate(_segments(text, listener), start=1):
        loop = node.x12_map_node.get_path().split("/")[-2]
        segment = node.seg_data
        name = segment.get_seg_id()
        if name == "HL":
            provider = {} if loop == "2000A" else state.provider
            subscriber = state.subscriber if loop == "2000C" else {}
            state = State(provider, subscriber, {} if loop == "2000C" else None)
        elif name == "CLM":
            state = State(state.provider, state.subscriber, state.patient)
        elif name == "LX":
            state = State(state.provider, state.subscriber, state.patient, state.claim)
        _say(state, loop, name, segment)
        if name == "SV1":
            rows.append((number, state))
    return [_line(number, each) for number, each in rows], listener.found


def _segments(text: str, listener: Listener) -> list[pyx12.x12context.X12DataNode]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyx12.map_if, "load_map_file", _MAP)
        reader = pyx12.x12context.X12ContextReader(_PARAMS, listener, io.StringIO(text, newline=""))
        return list(reader.iter_segments())


_SAYS = {
    "2000A PRV": ("provider", {"taxonomy": "PRV03"}),
    "2010AA NM1": ("provider", {"npi": "NM109"}),
    "2010AA REF*EI": ("provider", {"tax": "REF02"}),
    "2010AA REF*SY": ("provider", {"tax": "REF02"}),
    "2000B SBR": ("subscriber", {"place": "SBR01", "filing": "SBR09"}),
    "2010BA NM1": ("subscriber", {"id": "NM109"}),
    "2010BA DMG": ("subscriber", {"born": "DMG02", "sex": "DMG03"}),
    "2010BB NM1": ("subscriber", {"payer": "NM103"}),
    "2010CA NM1": ("patient", {"first": "NM104"}),
    "2010CA DMG": ("patient", {"born": "DMG02", "sex": "DMG03"}),
    "2300 CLM": ("claim", {"id": "CLM01", "pos": "CLM05-1", "frequency": "CLM05-3"}),
    "2300 HI": ("claim", {f"dx{n}": f"HI{n:02}-2" for n in range(1, 13)}),
    "2300 REF*F8": ("claim", {"original": "REF02"}),
    "2300 REF*X4": ("claim", {"clia": "REF02"}),
    "2300 NTE": ("claim", {"note": "NTE02"}),
    "2310A NM1*DN": ("claim", {"referring": "NM109"}),
    "2310B NM1": ("claim", {"rendering": "NM109"}),
    "2310B PRV": ("claim", {"taxonomy": "PRV03"}),
    "2400 LX": ("line", {"number": "LX01"}),
    "2400 SV1": (
        "line",
        {"code": "SV101-2", "charge": "SV102", "units": "SV104", "pos": "SV105"}
        | {f"modifier{n}": f"SV101-{n + 2}" for n in range(1, 5)}
        | {f"pointer{n}": f"SV107-{n}" for n in range(1, 5)},
    ),
    "2400 DTP*472": ("line", {"days": "DTP03"}),
    "2400 REF*X4": ("line", {"clia": "REF02"}),
    "2400 NTE": ("line", {"note": "NTE02"}),
    "2410 LIN": ("line", {"ndc": "LIN03"}),
    "2420A NM1": ("line", {"rendering": "NM109"}),
    "2420A PRV": ("line", {"taxonomy": "PRV03"}),
    "2420F NM1*DN": ("line", {"referring": "NM109"}),
}
"""Loop and segment -> who it speaks of, and what its elements say."""


def _say(state: State, loop: str, name: str, segment: pyx12.segment.Segment) -> None:
    key = f"{loop} {name}"
    who, elements = _SAYS.get(f"{key}*{segment.get_value(f'{name}01')}", _SAYS.get(key, ("", {})))
    for said, reference in elements.items():
        value = segment.get_value(reference)
        if value:
            getattr(state, who).setdefault(said, value)


def _listed(said: dict[str, str], name: str) -> str:
    return " ".join(said[f"{name}{n}"] for n in range(1, 13) if f"{name}{n}" in said)


_BUSINESS = {"MB": "medicare", "MC": "medicaid", "CI": "commercial", "BL": "commercial"}
_PLACES = {"P": "primary", "S": "secondary", "T": "tertiary"}


def _line(number: int, state: State) -> dict[str, object]:
    """One line as ClaimLines has it."""
    line, claim, subscriber = state.line, state.claim, state.subscriber
    person = subscriber if state.patient is None else state.patient
    member = subscriber["id"]
    if state.patient is not None:
        member = f"{member}/{person['born']}/{person['first']}"
    business = _BUSINESS.get(subscriber["filing"], "unknown")
    if subscriber["filing"] in ("HM", "ZZ") and subscriber["payer"] == "MEDICARE":
        business = "medicare"
    first, _, last = line["days"].partition("-")
    taxonomy = line.get("taxonomy") if "rendering" in line else claim.get("taxonomy")
    notes = [each["note"] for each in (claim, line) if "note" in each]
    return {
        "source_row": number,
        "claim_id": claim["id"],
        "line_number": int(line["number"]),
        "patient_id": member,
        "patient_birth_date": _day(person["born"]),
        "patient_sex": person["sex"],
        "payer": subscriber["payer"],
        "payer_sequence": _PLACES[subscriber["place"]],
        "line_of_business": business,
        "claim_frequency": claim["frequency"],
        "original_claim_id": claim.get("original"),
        "rendering_npi": line.get("rendering", claim.get("rendering")),
        "billing_npi": state.provider["npi"],
        "referring_npi": line.get("referring", claim.get("referring")),
        "tax_id": state.provider["tax"],
        "specialty": taxonomy or state.provider.get("taxonomy"),
        "clia_number": line.get("clia", claim.get("clia")),
        "service_date_from": _day(first),
        "service_date_to": _day(last or first),
        "place_of_service": line.get("pos", claim["pos"]),
        "code": line["code"],
        "modifiers": _listed(line, "modifier"),
        "units": int(Decimal(line["units"]) * 1000),
        "charge_amount": int(Decimal(line["charge"]) * 100),
        "diagnoses": _listed(claim, "dx"),
        "diagnosis_pointers": _listed(line, "pointer"),
        "ndc": line.get("ndc"),
        "claim_note": "; ".join(notes) or None,
    }


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
