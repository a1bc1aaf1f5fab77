"""The notation in which a coder types the lines of a question.

`[NAME:]CODE[-MOD...][*UNITS][@DATE]`, in any case; lines are parted by blanks or commas::

    20610-RT
    97110-GP*4
    anna:93010-26
    27447-RT@2026-02-01

A NAME before a colon is another practitioner of the day; lines without one are by one and the
same. `x` does for `*`, which some shells take for themselves. Rule examples have a notation of
their own, which says more than a coder would type (auditor.rules.notation).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from auditor.errors import ConfigError

FORM = "CODE, or CODE-MODIFIER*UNITS@DATE, as in 97110-GP*4"
MOST_MODIFIERS = 4
"""Places for modifiers on a line of the CMS-1500 (item 24D)."""
MOST_UNITS = 99999
_SHOWN = 40
FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years of days that claim files may have (auditor.intake.dates)."""
_CODE, _MODIFIER = 5, 2
_NAME = re.compile(r"[A-Z][A-Z0-9_.]{0,19}", re.IGNORECASE)
_UNITS = re.compile(r"[0-9]+(?:\.[0-9]{1,3})?")
_HEAD = re.compile(r"([^*@]*)(\*[^@]*)?(@.*)?", re.DOTALL)
_TIMES = re.compile(r"(?<=[A-Z0-9]{2})X(?=[0-9.]+(?:@|$))")
_AMERICAN = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})")


class QuestionUnclear(ConfigError):  # noqa: N818 - it names what is wrong with the question
    """A word of a question stands for no line, or an option for no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLine:
    """One line of a question."""

    code: str
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    day: date | None = None
    """None: the day that the whole question is about."""
    practitioner: str = ""
    """Name of another practitioner, in lower case; '': the one of all lines without a name."""

    @property
    def service(self) -> str:
        """Code and modifiers, as a coder writes them: 77002-26."""
        return "-".join((self.code, *self.modifiers))

    @property
    def text(self) -> str:
        """The line in the notation."""
        name = f"{self.practitioner}:" if self.practitioner else ""
        units = f"*{self.units.normalize():f}" if self.units != 1 else ""
        return f"{name}{self.service}{units}{f'@{self.day}' if self.day else ''}"


def lines_of(words: str) -> tuple[AskedLine, ...]:
    """The lines that `words`, parted by blanks and commas, stand for.

    Raises QuestionUnclear, which names the word, the place in it and what was expected there.
    """
    return tuple(line_of(word) for word in re.split(r"[\s,;]+", words) if word)


def line_of(word: str) -> AskedLine:
    """One word of the notation; raises QuestionUnclear."""
    name, colon, rest = word.partition(":")
    if not colon:
        name, rest = "", word
    elif not _NAME.fullmatch(name):
        raise _unclear(
            word,
            0,
            "a practitioner's name begins with a letter and has at most 20 letters and digits, as "
            "in anna:93010-26",
        )
    start = len(word) - len(rest)
    text = _TIMES.sub("*", rest.upper()) if "*" not in rest else rest.upper()
    found = _HEAD.fullmatch(text)
    head, units, day = (found and found.groups()) or (text, None, None)
    code, *modifiers = (head or "").split("-")
    _check_code(word, start, code)
    at = start + len(code)
    for modifier in modifiers:
        at += 1
        if not re.fullmatch(r"[A-Z0-9]{2}", modifier):
            raise _unclear(
                word, at, f"a modifier is two letters or digits, not '{shown(modifier)}'"
            )
        at += _MODIFIER
    if len(modifiers) > MOST_MODIFIERS:
        place = start + _CODE + MOST_MODIFIERS * (_MODIFIER + 1)
        raise _unclear(word, place, "a claim line has room for four modifiers")
    return AskedLine(
        code=code,
        modifiers=tuple(modifiers),
        units=_units(word, start + len(head or ""), units),
        day=_day(word, start + len(head or "") + len(units or ""), day),
        practitioner=name.lower(),
    )


def day_of(text: str) -> date | None:
    """The day that `text` names (YYYY-MM-DD); None where it names none that a claim could have."""
    try:
        day = date.fromisoformat(text.strip()) if re.match(r"[0-9]{4}-", text.strip()) else None
    except ValueError:
        return None
    return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


def shown(word: str) -> str:
    """A word that somebody typed, as a message shows it: not longer than a line has room for."""
    return word if len(word) <= _SHOWN else f"{word[: _SHOWN - 3]}..."


def meant(text: str) -> str:
    """' Did you mean 2026-03-02?' for a day written in the American order; else ''."""
    found = _AMERICAN.fullmatch(text.strip())
    if found is None:
        return ""
    month, day, year = (int(part) for part in found.groups())
    try:
        return f" Did you mean {date(year, month, day)}?"
    except ValueError:
        return ""


def _check_code(word: str, start: int, code: str) -> None:
    if re.fullmatch(r"[A-Z0-9]{5}", code):
        return
    if not code:
        blank = "; it follows the colon without a blank" if start else ""
        raise _unclear(word, start, f"a code is missing{blank}")
    odd = re.search(r"[^A-Z0-9]", code)
    if odd:
        what = f"a code is five letters and digits, and '{odd[0]}' is neither"
        raise _unclear(word, start + odd.start(), what)
    if len(code) == _MODIFIER:
        what = f"'{code}' is no code; a modifier follows its code and a hyphen, as in 20610-RT"
        raise _unclear(word, start, what)
    after = code[_CODE:]
    hint = (
        f"; a modifier follows a hyphen, {code[:_CODE]}-{shown(after)}"
        if len(after) >= _MODIFIER and re.search(r"[0-9]", code[:_CODE])
        else ""
    )
    raise _unclear(
        word,
        start,
        f"a code has five letters and digits, and '{shown(code)}' has {len(code)}{hint}",
    )


def _units(word: str, at: int, text: str | None) -> Decimal:
    if text is None:
        return Decimal(1)
    if re.fullmatch(r"[0-9.]+(?:-[A-Z0-9]{2})+", text[1:]):
        raise _unclear(word, at, "modifiers stand before the *")
    if not _UNITS.fullmatch(text[1:]):
        raise _unclear(word, at + 1, "a number of units is expected after the *, as in *4")
    units = Decimal(text[1:])
    if not 0 < units <= MOST_UNITS:
        raise _unclear(word, at + 1, f"units are more than 0 and at most {MOST_UNITS}")
    return units


def _day(word: str, at: int, text: str | None) -> date | None:
    if text is None:
        return None
    day = day_of(text[1:])
    if day is None:
        what = f"a day is expected after the @, as in @2026-03-02.{meant(text[1:])}"
        raise _unclear(word, at + 1, what.rstrip("."))
    return day


def _unclear(word: str, at: int, what: str) -> QuestionUnclear:
    end = "" if what.endswith("?") else "."
    return QuestionUnclear(
        f"'{shown(word)}', character {at + 1}: {what}{end}", next_step=f"A line is {FORM}."
    )
