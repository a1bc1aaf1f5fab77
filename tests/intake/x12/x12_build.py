"""Small 837P files with invented data.

Segments are written with * between elements and : between components; `written` puts the
delimiters, line ends and wrapping of a file in their place.
"""

from __future__ import annotations

from dataclasses import dataclass

NPI = "1234567893"
HEADER = (
    "BHT*0019*00*244579*20240105*1023*CH",
    "NM1*41*2*SUBMITTER*****46*TGJ23",
    "PER*IC*SOMEBODY*TE*3055552222",
    "NM1*40*2*RECEIVER*****46*66783JJT",
)


@dataclass(frozen=True, slots=True)
class Marks:
    """Delimiters of an interchange."""

    element: str = "*"
    component: str = ":"
    segment: str = "~"
    repetition: str = "^"


def isa(number: int = 1, usage: str = "P") -> str:
    return (
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *240105*1023"
        f"*^*00501*{number:09}*0*{usage}*:"
    )


def transaction(
    *body: str, number: str = "0001", guide: str = "005010X222A1", kind: str = "837"
) -> list[str]:
    inner = [f"ST*{kind}*{number}*{guide}".rstrip("*"), *body]
    return [*inner, f"SE*{len(inner) + 1}*{number}"]


def group(
    *transactions: list[str], number: int = 1, version: str = "005010X222A1", code: str = "HC"
) -> list[str]:
    inner = [segment for each in transactions for segment in each]
    head = f"GS*{code}*SENDER*RECEIVER*20240105*1023*{number}*X*{version}"
    return [head, *inner, f"GE*{len(transactions)}*{number}"]


def interchange(*groups: list[str], number: int = 1, usage: str = "P") -> list[str]:
    inner = [segment for each in groups for segment in each]
    return [isa(number, usage), *inner, f"IEA*{len(groups)}*{number:09}"]


def provider(hl: int = 1, npi: str = NPI, tax: str = "587654321", more: str = "") -> list[str]:
    return [
        f"HL*{hl}**20*1",
        *([more] if more else []),
        f"NM1*85*2*A GROUP*****XX*{npi}",
        "N3*234 SEAWAY ST",
        "N4*MIAMI*FL*331110000",
        f"REF*EI*{tax}",
    ]


def subscriber(  # noqa: PLR0913 -- each is an element that some test varies
    hl: int = 2,
    parent: int = 1,
    member: str = "M1",
    *,
    sbr: str = "SBR*P*18*******CI",
    payer: str = "NM1*PR*2*KEY INSURANCE*****PI*999996666",
    born: str = "19730501",
    child: int = 0,
) -> list[str]:
    return [
        f"HL*{hl}*{parent}*22*{child}",
        sbr,
        f"NM1*IL*1*DOE*JANE****MI*{member}",
        "N3*236 N MAIN ST",
        "N4*MIAMI*FL*33413",
        f"DMG*D8*{born}*F",
        payer,
    ]


def dependent(
    hl: int = 3, parent: int = 2, first: str = "TED", born: str = "20100101"
) -> list[str]:
    return [
        f"HL*{hl}*{parent}*23*0",
        "PAT*19",
        f"NM1*QC*1*DOE*{first}",
        "N3*236 N MAIN ST",
        "N4*MIAMI*FL*33413",
        f"DMG*D8*{born}*M",
    ]


def claim(number: str = "C1", *lines: list[str], more: tuple[str, ...] = (), place: str = "11",
          frequency: str = "1", dx: str = "HI*ABK:J020*ABF:Z1159") -> list[str]:  # fmt: skip
    head = f"CLM*{number}*100***{place}:B:{frequency}*Y*A*Y*I"
    return [head, dx, *more, *[segment for line in (lines or [service()]) for segment in line]]


def service(  # noqa: PLR0913 -- each is an element that some test varies
    number: int = 1,
    code: str = "HC:99213",
    *more: str,
    charge: str = "40",
    units: str = "UN*1",
    place: str = "",
    pointers: str = "1",
    day: str = "D8*20240103",
) -> list[str]:
    return [
        f"LX*{number}",
        f"SV1*{code}*{charge}*{units}*{place}**{pointers}",
        f"DTP*472*{day}",
        *more,
    ]


def one(*body: str | list[str]) -> str:
    """A file of one transaction with the segments `body`."""
    flat = [s for part in body for s in ([part] if isinstance(part, str) else part)]
    return written(interchange(group(transaction(*HEADER, *flat))))


def usual(*claims: list[str]) -> str:
    """A file of one subscriber with these claims."""
    return one(provider(), subscriber(), *(claims or [claim()]))


def written(
    segments: list[str], marks: Marks = Marks(), end: str = "\n", wrap: int = 0
) -> str:  # fmt: skip
    """The text of a file; `wrap` cuts it into lines of that many characters."""
    table = str.maketrans(
        {"*": marks.element, ":": marks.component, "~": marks.segment, "^": marks.repetition}
    )
    mark = "~" if wrap else f"~{end}"
    text = "".join(segment + mark for segment in segments).translate(table)
    if not wrap:
        return text
    return "".join(text[at : at + wrap] + (end or "\n") for at in range(0, len(text), wrap))
