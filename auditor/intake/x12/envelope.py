"""The envelope: interchanges, groups and transactions closed, counted and numbered as they say.

A file that was cut or damaged on its way shows it here, and is refused: claims would be missing,
or their lines stand under another claim.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from auditor.errors import InputRejected
from auditor.intake.x12 import guides
from auditor.intake.x12.segments import ELEMENT, ENVELOPE

KEPT = (*ENVELOPE, "HL")
"""The segments that are looked at here: all envelopes, and the levels within a transaction."""

_FOLLOWS = {
    "ISA": ("TA1", "GS"),
    "TA1": ("TA1", "GS", "IEA"),
    "GS": ("ST",),
    "ST": ("SE",),
    "SE": ("ST", "GE"),
    "GE": ("GS", "IEA"),
    "IEA": ("ISA", ""),
}
_TRAILERS = (("ISA", "IEA", "GS"), ("GS", "GE", "ST"), ("ST", "SE", ""))
_CONTROL = {"ISA": 13, "GS": 6, "ST": 2}
"""The element of the control number, which is the second one of the trailer."""
_UNITS = {"GS": "functional group", "ST": "transaction", "": "segment"}
_WORDS = {"ISA": "interchange", "GS": "functional group", "ST": "transaction"}
_ISA_ELEMENTS = 16
_LEVELS = ("20", "22", "23")


class _Problem(NamedTuple):
    segment: int
    what: str


def check(kept: pl.DataFrame, total: int, where: str) -> None:
    """Raise InputRejected for what is no whole professional claim file.

    `kept` are the segments KEPT of the file (n, text, id), and those whose id is unknown (null);
    `total` is the number of all segments.
    """
    frame = kept.with_columns(
        pl.col("text").str.split(ELEMENT).alias("e"), pl.col("id").cast(pl.String)
    )
    _read_only(frame, where)
    envelope = frame.filter(pl.col("id").is_in(ENVELOPE))
    problems = [*_unknown(frame), *_order(envelope, total)]
    if not problems:
        problems = [*_sealed(envelope), *_levels(frame)]
    if problems:
        first = min(problems)
        raise InputRejected(
            f"The X12 file is cut short or damaged: {first.what}.",
            where=where,
            next_step="Get the file again from where it comes from; nothing of it was read.",
        )


def _element(number: int) -> pl.Expr:
    return pl.col("e").list.get(number, null_on_oob=True).str.strip_chars()


def _read_only(frame: pl.DataFrame, where: str) -> None:
    """Refuse the first transaction that is no professional claim file, by its name."""
    group = pl.col("id") == "GS"
    started = frame.filter(pl.col("id").is_in(["ISA", "GS", "ST", "TA1"])).with_columns(
        version=pl.when(group).then(_element(8).fill_null("")).forward_fill(),
        group=group.cum_sum(),
        groups=group.sum(),
    )
    kinds = started.filter(pl.col("id") == "ST").select(
        "n", "group", "groups", "version", set=_element(1), guide=_element(3)
    )
    # A file has few different kinds, however many transactions.
    for kind in kinds.unique(["set", "guide", "version"], keep="first", maintain_order=True).rows(
        named=True
    ):
        name = guides.unread(kind["set"] or "", kind["guide"] or "", kind["version"] or "")
        if name is not None:
            which = f"Functional group {kind['group']:,} of the X12 file (its transaction at"
            raise _refused(
                f"The file is X12: {name}, which is not read."
                if kind["groups"] == 1
                else f"{which} segment {kind['n']:,}) is {name}, which is not read.",
                where,
            )
    if kinds.is_empty() and (started["id"] == "TA1").any():
        raise _refused("The file is X12: an interchange acknowledgment (TA1), no claims.", where)


def _refused(what: str, where: str) -> InputRejected:
    return InputRejected(
        what,
        where=where,
        next_step="Name professional claim files (837P, 005010X222), or export the claim lines as"
        " CSV or as an Excel workbook (.xlsx).",
    )


def _unknown(frame: pl.DataFrame) -> list[_Problem]:
    found = frame.filter(pl.col("id").is_null()).head(1)["n"]
    return [_Problem(n, f"segment {n:,} is none that a claim file has") for n in found]


def _order(envelope: pl.DataFrame, total: int) -> list[_Problem]:
    """Whether the envelope's segments follow one another as they must, to the file's end."""
    pairs = envelope.select(
        "n",
        "id",
        after=pl.col("id").shift(-1).fill_null(""),
        next=pl.col("n").shift(-1).fill_null(total + 1),
    )
    legal = pl.any_horizontal(
        (pl.col("id") == mark) & pl.col("after").is_in(after) for mark, after in _FOLLOWS.items()
    )
    between = (pl.col("id") != "ST") & (pl.col("next") != pl.col("n") + 1)
    problems = []
    for n, mark, after, following in pairs.filter(~legal | between).head(1).iter_rows():
        wanted = " or ".join(name for name in _FOLLOWS[mark] if name)
        if after and after not in _FOLLOWS[mark]:
            said = f"segment {following:,} is {after} where {wanted} belongs"
        elif following != n + 1 and mark != "ST":
            said = f"segment {n + 1:,} stands outside every transaction"
        else:
            said = f"it ends after {total:,} segments without {wanted}"
        problems.append(_Problem(n, said))
    if envelope.is_empty() or envelope["id"][0] != "ISA" or envelope["n"][0] != 1:
        problems.append(_Problem(0, "it does not begin with an interchange (ISA)"))
    return problems


def _sealed(envelope: pl.DataFrame) -> list[_Problem]:
    """Whether each trailer says the count and the control number that it must."""
    isa = envelope.filter((pl.col("id") == "ISA") & (pl.col("e").list.len() != _ISA_ELEMENTS + 1))
    problems = [
        _Problem(n, f"the ISA at segment {n:,} does not have 16 elements") for n in isa.head(1)["n"]
    ]
    for opening, closing, inner in _TRAILERS:
        # A transaction counts all its segments, ST and SE too; the others what they hold.
        counted = (
            (pl.col("id") == inner).cast(pl.UInt32).cum_sum()
            if inner
            else pl.col("n") + (pl.col("id") == closing).cast(pl.UInt32)
        )
        frame = envelope.with_columns(counted=counted)
        # Order is proved, so an opening and its trailer alternate.
        trailers = (
            frame.filter(pl.col("id").is_in([opening, closing]))
            .select(
                "n",
                "id",
                opened=pl.col("n").shift(1),
                holds=pl.col("counted") - pl.col("counted").shift(1),
                says=_element(1).cast(pl.UInt32, strict=False),
                given=_bare(_CONTROL[opening]).shift(1),
                repeated=_bare(2),
            )
            .filter(pl.col("id") == closing)
        )
        wrong = trailers.filter(pl.col("holds").ne_missing(pl.col("says"))).head(1)
        for n, opened, holds, says in wrong.select("n", "opened", "holds", "says").iter_rows():
            said = "no number" if says is None else f"{says:,}"
            what = f"the {_WORDS[opening]} that begins at segment {opened:,} has {holds:,}"
            unit = _UNITS[inner] + ("s" if holds > 1 else "")
            problems.append(
                _Problem(n, f"{what} {unit}, and its {closing} (segment {n:,}) says {said}")
            )
        wrong = trailers.filter(pl.col("given").ne_missing(pl.col("repeated"))).head(1)
        for n, opened in wrong.select("n", "opened").iter_rows():
            number = f"{opening}{_CONTROL[opening]:02}"
            what = f"the control number of the {_WORDS[opening]} that begins at segment {opened:,}"
            problems.append(
                _Problem(n, f"{what} ({number}) is not that of its {closing} (segment {n:,})")
            )
    return problems


def _bare(number: int) -> pl.Expr:
    """A control number without the zeros before it; null where none stands."""
    text = _element(number)
    return pl.when(text != "").then(text.str.strip_chars_start("0"))


def _levels(frame: pl.DataFrame) -> list[_Problem]:
    """Whether each subscriber names the provider it stands under, each patient the subscriber."""
    level, start = _element(3).fill_null(""), pl.col("id") == "ST"
    own, none = _element(1).fill_null(""), pl.lit("")
    levels = frame.filter(pl.col("id").is_in(["ST", "HL"])).select(
        "n",
        "id",
        level=level,
        parent=_element(2).fill_null(""),
        provider=pl.when(level == "20").then(own).when(start).then(none).forward_fill(),
        subscriber=pl.when(level == "22")
        .then(own)
        .when(start | (level == "20"))
        .then(none)
        .forward_fill(),
    )
    above = pl.when(pl.col("level") == "22").then("provider").otherwise("subscriber")
    lower = pl.col("level").is_in(_LEVELS[1:])
    wrong = levels.filter(
        pl.col("id") == "HL",
        ~pl.col("level").is_in(_LEVELS) | (lower & ((above == "") | (above != pl.col("parent")))),
    )
    return [
        _Problem(
            n,
            f"the level (HL) at segment {n:,} does not hang under the one before it"
            if named in _LEVELS
            else f"the level (HL) at segment {n:,} is none of a claim file",
        )
        for n, named in wrong.head(1).select("n", "level").iter_rows()
    ]
