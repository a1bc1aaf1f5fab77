"""What `auditor code` prints of a code, the most asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking import card_indicators as words
from auditor.asking.card_words import listed
from auditor.cli.asking.sections import codes, counted, section, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.card_parts import Card, Guide, Pair, Pairs, Primary, Units, Witness

_MOST_CODES = 60
_ALONE = {
    "A": "Yes",
    "R": "Yes, under special rules",
    "C": "Yes, at the contractor's price",
    "J": "Yes",
    "B": "No. It is always bundled",
    "P": "No",
    "T": "Only where nothing else is paid that day",
    "I": "Not for Medicare",
    "N": "Not for Medicare",
    "E": "Not under the physician fee schedule",
    "X": "Not under the physician fee schedule",
    "M": "It is not paid at all",
    "Q": "It is not paid at all",
}
_SETTINGS = {
    "practitioner": "Practitioner",
    "hospital": "Hospital outpatient, for comparison",
    "supplier": "Equipment supplier",
}


def code_text(card: Card, *, everything: bool) -> Iterator[str]:
    """The card of a code as texts to print one below the other."""
    yield f"{card.code}, on {card.date}"
    yield from section("What it is", _what(card))
    if card.beside is not None:
        yield from section(f"Together with {card.beside.code}", _together(card))
    if card.state == "unknown":
        yield from section("What is not known", card.not_known)
        return
    if card.state in {"in use", "doubtful"}:
        yield from section("Can it stand alone", _alone(card, everything=everything))
        yield from section("How many a day", _units(card))
        yield from section("What it may not go with", _pairs(card, everything=everything))
    yield from section("Modifiers that may belong on it", _modifiers(card, fits=True))
    yield from section("Modifiers that do not", _modifiers(card, fits=False))
    yield from section("Places of service", (_with(p.text, p.source) for p in card.places))
    yield from section("Guidance", _guidance(card.guidance[1:]))
    if card.state in {"in use", "doubtful"}:
        yield from section("How the fee schedule treats it", _fees(card))
    yield from section("Rules that look at it", _rules(card))
    yield from section("What the built-in tables say", _policies(card))
    yield from section("Related codes", (f"{r.code}: {sentence(r.text)}" for r in card.related))
    yield from section("What changed", (_with(c.text, c.witness.table) for c in card.history))
    yield from section("What is not known", card.not_known)


def _with(text: str, source: str) -> str:
    return f"{text} [{source}]" if source else text


def _row(witness: Witness) -> str:
    """A witness with the dates of its row."""
    dates = f", row from {witness.first}" if witness.first else ""
    return witness.table + dates + (f" to {witness.last}" if witness.last else "")


def _what(card: Card) -> Iterator[str]:
    if card.kind:
        yield sentence(card.kind)
    head = {
        "ended": "It has ended. ",
        "not yet": "It is not in force yet. ",
        "doubtful": "It is not certain that it is in force. ",
    }
    yield head.get(card.state, "") + card.standing
    if card.descriptor is not None:
        yield (
            f"Your own file calls it: {card.descriptor.text} [{card.descriptor.release},"
            f" {card.descriptor.source}]"
        )
    if card.successors:
        yield f"In its place your own file names {listed(card.successors)}."
    if card.nearest:
        how = "Written alike" if card.state == "unknown" else "Its neighbors"
        yield f"{how}: {', '.join(card.nearest)}. See each with 'auditor code CODE'."
    elif card.state == "unknown":
        yield "No known code is written like it."
    yield from _guidance(card.guidance[:1])  # the narrowest; the rest has its own section


def _guidance(guides: tuple[Guide, ...]) -> Iterator[str]:
    for guide in guides:
        yield f"{guide.title}: {_with(guide.text, guide.citation)}"


def _alone(card: Card, *, everything: bool) -> Iterator[str]:
    most = None if everything else _MOST_CODES
    addon = card.addon
    if addon.meanings:
        yield (
            "No. It is an add-on: it pays only beside a primary, for the same patient, by the same"
            " practitioner, on the same day."
        )
        yield _with(" ".join(addon.meanings), _table_of(addon.primaries))
    if addon.primaries:
        yield (
            f"{sentence(counted(len(addon.primaries), 'primary', 'primaries'))[:-1]} in force:"
            f" {codes([p.code for p in addon.primaries], most)}."
        )
    if addon.contractor:
        yield "The contractor may take further primaries, which no table lists."
    if card.fees is not None and not (addon.meanings and card.fees.value("status") == "A"):
        status = next(each for each in card.fees.indicators if each.name == "status")
        yes = "" if addon.meanings else f"{_ALONE.get(status.value, 'Status only')}. "
        if card.fees.value("global_days") == "ZZZ" and not addon.meanings:
            yes = ""
            yield (
                "The fee schedule treats it as an add-on (global days ZZZ), and no loaded add-on"
                " table has a row of it in force: look its primaries up."
            )
        later = "" if card.fees.in_force else _later(card)
        yield _with(
            f"{yes}Status {status.value}, {status.meaning}.{later}", card.fees.witness.table
        )
    elif card.fees is None and not addon.meanings:
        yield "No loaded fee schedule has it, so its status is not known."
    if addon.supports:
        yield (
            f"{counted(len(addon.supports), 'add-on has', 'add-ons have')} it as a primary:"
            f" {codes([p.code for p in addon.supports], most)}."
            f" [{addon.supports[0].witness.table}]"
        )


def _later(card: Card) -> str:
    assert card.fees is not None  # noqa: S101 - asked only where it is
    return (
        f" That release begins on {card.fees.witness.first}; none that is loaded covers"
        f" {card.date}."
    )


def _table_of(primaries: tuple[Primary, ...]) -> str:
    return primaries[0].witness.table if primaries else ""


def _units(card: Card) -> Iterator[str]:
    told: set[int] = set()
    for each in card.units:
        yield _with(_limit(each, told), _row(each.witness))
        told.add(each.mai)


def _limit(each: Units, told: set[int]) -> str:
    """One limit; what its MAI means is said once."""
    when = "" if each.in_force else ", not in force on the date"
    head = f"{_SETTINGS[each.setting]}{when}: "
    if each.value == 0:
        return (
            f"{head}none. The limit is 0 (MAI {each.mai}): Medicare never pays it on such a claim."
        )
    meaning = "" if each.mai in told else f", {each.meaning}"
    return f"{head}{counted(each.value, 'unit')}, MAI {each.mai}{meaning}."


def _pairs(card: Card, *, everything: bool) -> Iterator[str]:
    for pairs in card.pairs:
        if pairs.setting == "practitioner":
            yield from _practitioner(card, pairs, everything=everything)
        elif pairs.count:
            yield _with(
                f"Of the hospital's claims, for comparison: {counted(pairs.count, 'pair')} in"
                f" force, {pairs.pays_0 + pairs.pays_1:,} as column 1 and"
                f" {pairs.denied_0 + pairs.denied_1:,} as column 2. They do not judge a"
                " practitioner's claim.",
                pairs.witness.table,
            )


_Side = tuple[str, int, int, tuple["Pair", ...], str, tuple[tuple[str, int], ...]]
"""What it is called, pairs of indicator 0 and 1, those shown, the other's column, its sections."""


def _practitioner(card: Card, pairs: Pairs, *, everything: bool) -> Iterator[str]:
    if pairs.starter:
        yield (
            "Only the built-in starter set of pairs is loaded, a few hundred of the millions that"
            " CMS has: what is not in it is not judged."
        )
    if not pairs.count:
        yield _with(
            f"No pair in force on {card.date} names it. Other rules may still keep it apart.",
            pairs.witness.table,
        )
        return
    sides: tuple[_Side, ...] = (
        ("column 2 (it is denied, the other pays)", pairs.denied_0, pairs.denied_1,
         pairs.as_column2, "column1", pairs.denied_by),
        ("column 1 (it pays, the other is denied)", pairs.pays_0, pairs.pays_1,
         pairs.as_column1, "column2", pairs.pays_over),
    )  # fmt: skip
    for what, never, may, found, column, sections in sides:
        count = never + may
        if not count:
            yield f"As {what}: no pair."
            continue
        yield _with(
            f"As {what}: {counted(count, 'pair')}. {_indicators(never, may)}", pairs.witness.table
        )
        if column == "column2" and card.unpaid:
            yield (
                f"But it never pays by itself ({card.unpaid}), so it denies nothing: the audit"
                " leaves these pairs out."
            )
        if count > len(found):
            yield f"The other code is of: {', '.join(f'{name} {n:,}' for name, n in sections)}."
        for indicator, total, head in (
            (0, never, "Indicator 0, no modifier separates it from"),
            (1, may, "Indicator 1, a modifier may separate it from"),
        ):
            those = [getattr(pair, column) for pair in found if pair.indicator == indicator]
            if those:
                more = total - len(those)
                yield f"{head}: {', '.join(those)}{f' and {more:,} more' if more else ''}."
    if not everything and pairs.count > len(pairs.as_column1) + len(pairs.as_column2):
        yield (
            "The first of each are shown, in order of code, anesthesia and codes that end with a"
            " letter last: --all shows all, --with CODE one."
        )


def _indicators(never: int, may: int) -> str:
    if never and may:
        return (
            f"{never:,} with indicator 0 (never together), {may:,} with indicator 1 (a modifier may"
            " separate them)."
        )
    one = never + may == 1
    which = "It has" if one else "All have"
    if never:
        return f"{which} indicator 0: never together."
    return f"{which} indicator 1: a modifier may separate them."


def _together(card: Card) -> Iterator[str]:
    beside = card.beside
    assert beside is not None  # noqa: S101 - asked only where it is
    now = [pair for pair in beside.pairs if pair.in_force]
    if now:
        pair = now[0]
        yield _with(
            f"They are a pair: {pair.column1} is column 1, {pair.column2} is column 2."
            + ("" if beside.unpaid else f" {pair.column1} pays, and {pair.column2} is denied.")
            + f" Modifier indicator {pair.indicator}: {words.PAIR[pair.indicator]}.",
            _row(pair.witness),
        )
    else:
        yield _with(
            f"No pair of the two is in force on {card.date} for practitioners."
            + (
                " Only the built-in starter set is loaded, so that is no proof that CMS has none."
                if card.pairs[0].starter
                else ""
            ),
            card.pairs[0].witness.table,
        )
    if now and beside.unpaid:
        yield (
            f"But {now[0].column1} never pays by itself ({beside.unpaid}), so the audit denies"
            " nothing by this pair."
        )
    for pair in beside.pairs:
        if not pair.in_force:
            yield _past(pair)
    hospital = [pair for pair in beside.hospital if pair.in_force]
    for pair in hospital:
        yield _with(
            f"Hospital claims, for comparison: {pair.column1} over {pair.column2}, indicator"
            f" {pair.indicator}.",
            _row(pair.witness),
        )
    if beside.addon:
        primary = card.code if beside.addon_of == beside.code else beside.code
        yield _with(
            f"{beside.addon_of} is an add-on, and {primary} is one of its primaries: they belong"
            " together.",
            _row(beside.addon[0].witness),
        )
    yield (
        "Other rules may say more of the two: 'auditor check "
        f"{card.code} {beside.code}' judges them as the night does."
    )


def _past(pair: Pair) -> str:
    last = f" to {pair.witness.last}" if pair.witness.last else ""
    return (
        f"At another time: {pair.column1} over {pair.column2}, indicator {pair.indicator}, from"
        f" {pair.witness.first}{last}."
    )


def _modifiers(card: Card, *, fits: bool) -> Iterator[str]:
    for each in card.modifiers:
        if each.fits == fits:
            names = listed(each.modifiers, "or") if fits else listed(each.modifiers)
            yield _with(f"{names}: {sentence(each.why)}", each.source)
    if fits and any(each.fits for each in card.modifiers):
        yield ("Each only where the record shows it. 'auditor code MODIFIER' tells more of one.")


def _fees(card: Card) -> Iterator[str]:
    if card.fees is None:
        return
    for each in card.fees.indicators:
        if each.meaning != words.FIELDS["pctc"]["9"]:
            yield f"{words.TITLES[each.name]} {each.value}: {sentence(each.meaning)}"
    if card.fees.components:
        yield f"It has rows of its own for {listed(card.fees.components)}."
    yield f"[{_row(card.fees.witness)}; meanings: {words.LAYOUT}]"


def _rules(card: Card) -> Iterator[str]:
    for rule in card.rules:
        if not rule.only_with_modifier:
            yield f"{rule.id} ({rule.tier}): {rule.text}"
    others = [rule.id for rule in card.rules if rule.only_with_modifier]
    if others:
        yield f"Only where a modifier is on the line: {', '.join(others)}."
    if card.rules:
        yield (
            "In brackets stands the strongest tier that a rule gives."
            f" {card.every_line} more rules look at every line, whatever its code. One in full:"
            " 'auditor rules RULE'."
        )


def _policies(card: Card) -> Iterator[str]:
    for each in card.policies:
        yield _with(each.text, f"{each.table}: {each.source}")
