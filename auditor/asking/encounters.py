"""Encounters that a coder asks about: the lines, and what is known of day, place and patient."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from auditor.asking.guidance import places
from auditor.asking.notation import AskedLine, QuestionUnclear, day_of, line_of, meant, shown
from auditor.errors import AuditorError
from auditor.payers import business, unknown
from auditor.tomlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OFFICE = "11"
TRACKING = r"^(99024|[0-9]{4}F)$"
"""Codes that are reported at no charge: the follow-up that a surgery pays, and quality codes."""
OLDEST = 130
MOST_PRACTITIONERS = 30
MOST_LINES = 100
"""Two claims full of lines (a claim has 50, ASC X12N 837P loop 2400); more of one day are not a
question."""
_HALF_A_YEAR = timedelta(days=182)
_SEXES = {"F": "F", "FEMALE": "F", "W": "F", "M": "M", "MALE": "M", "U": "U", "X": "U"}
_OPTIONS = {
    "--pos": "pos",
    "--date": "day",
    "--age": "age",
    "--birth": "birth",
    "--sex": "sex",
    "--payer": "payer",
    "--line-of-business": "payer",
    "--dx": "diagnoses",
    "--specialty": "specialties",
    "--other-group": "other_groups",
}
_SEVERAL = ("diagnoses", "specialties", "other_groups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One question: may these lines go together? None, or empty: not said."""

    lines: tuple[AskedLine, ...]
    day: date
    """Of every line that has no day of its own."""
    pos: str = OFFICE
    age: int | None = None
    """In whole years on `day`."""
    birth: date | None = None
    sex: str | None = None
    """F, M or U."""
    payer: str | None = None
    """medicare, medicaid or commercial."""
    diagnoses: tuple[str, ...] = ()
    """ICD-10-CM, without dots, in the order of the claim."""
    specialties: Mapping[str, str] = field(default_factory=dict)
    """Practitioner's name, or '' -> specialty code or taxonomy; '*': of all that are not named."""
    other_groups: frozenset[str] = frozenset()
    """Names of practitioners who bill for another group."""
    assumed: frozenset[str] = frozenset({"pos", "date"})
    """Which of pos and date nobody said."""
    place: str = ""
    """File and line where it stands."""

    def __post_init__(self) -> None:
        """Refuse what no claim can be; raises QuestionUnclear."""
        if not self.lines:
            raise QuestionUnclear(
                "There is no line in the question.",
                next_step="Name the codes: auditor check 20610-RT 77002-26 --pos 22.",
            )
        if len(self.lines) > MOST_LINES:
            raise QuestionUnclear(
                f"A question holds at most {MOST_LINES} lines, and this has {len(self.lines):,}.",
                next_step="Ask in parts, or audit the file: auditor audit FILE.",
            )
        if len(self.practitioners) > MOST_PRACTITIONERS:
            raise QuestionUnclear(
                f"More than {MOST_PRACTITIONERS} practitioners in one question.",
                next_step="Ask about fewer at a time.",
            )
        if self.birth is not None and self.birth > min(self.day_of(n) for n in self.lines):
            raise QuestionUnclear(
                f"The patient is born on {self.birth}, after the service.",
                next_step="Correct --birth or --date.",
            )
        strange = [n for n in (*self.specialties, *self.other_groups) if n not in self._known]
        if strange:
            raise QuestionUnclear(
                f"No line is by '{shown(strange[0])}'."
                f"{did_you_mean(strange[0], self.practitioners)}",
                next_step="A practitioner's name stands before a line: anna:93010-26.",
            )

    @property
    def _known(self) -> set[str]:
        return {*self.practitioners, "", "*"}

    @property
    def practitioners(self) -> tuple[str, ...]:
        """Names in the order of the lines; '' is the one of the lines without a name."""
        return tuple(dict.fromkeys(line.practitioner for line in self.lines))

    @property
    def born(self) -> date | None:
        """A birth date that fits: the one said, else the middle of the year that the age leaves."""
        if self.birth is not None or self.age is None:
            return self.birth
        return _years_before(self.day, self.age) - _HALF_A_YEAR

    def day_of(self, line: AskedLine) -> date:
        """The day of a line."""
        return line.day or self.day

    def specialty_of(self, name: str) -> str | None:
        """Specialty of a practitioner; None: not said."""
        return self.specialties.get(name, self.specialties.get("*"))


def is_tracking(code: str) -> bool:
    """Whether a code is reported at no charge, so that nothing is asked to be paid for it."""
    return re.fullmatch(TRACKING, code) is not None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line of a file that is no question."""

    place: str
    reason: str


class Read(NamedTuple):
    """What stands in a file of questions: nothing of it is lost."""

    encounters: list[Encounter]
    rejected: list[Rejected]


def encounter(  # noqa: PLR0913 - each is something that a coder may say
    words: Iterable[str],
    *,
    today: date,
    pos: str | None = None,
    day: str | None = None,
    age: str | int | None = None,
    birth: str | None = None,
    sex: str | None = None,
    payer: str | None = None,
    diagnoses: Sequence[str] = (),
    specialties: Sequence[str] = (),
    other_groups: Sequence[str] = (),
    place: str = "",
) -> Encounter:
    """The encounter that words and the values of options stand for; raises QuestionUnclear."""
    lines = tuple(line_of(word) for text in words for word in re.split(r"[\s,;]+", text) if word)
    if age is not None and birth is not None:
        raise QuestionUnclear(
            "--age and --birth say the same twice.", next_step="Leave one of them out."
        )
    said = {name for name, value in (("pos", pos), ("date", day)) if value}
    return Encounter(
        lines=lines,
        day=_day("--date", day) if day else today,
        pos=_pos(pos) if pos else OFFICE,
        age=None if age is None else _age(str(age)),
        birth=_day("--birth", birth) if birth else None,
        sex=_sex(sex) if sex else None,
        payer=_payer(payer) if payer else None,
        diagnoses=tuple(_diagnosis(word) for word in _parted(diagnoses)),
        specialties=dict(_specialty(word) for word in _parted(specialties)),
        other_groups=frozenset(name.strip().lower() for name in _parted(other_groups)),
        assumed=frozenset({"pos", "date"} - said),
        place=place,
    )


def read(texts: Iterable[str], name: str, today: date, default: Mapping[str, object]) -> Read:
    """The encounters of a file: a line of it is what one types after `auditor check`.

    `#` begins a comment; blank lines are passed over. `default` holds keywords of `encounter`
    for what a line does not say itself. Lines that are no question are answered, not raised.
    """
    found, rejected = Read([], []), []
    for number, text in enumerate(texts, start=1):
        place = f"{name}, line {number}"
        try:
            words = _words(text)
            if words:
                found.encounters.append(_of_words(words, place, today, default))
        except AuditorError as error:
            rejected.append(Rejected(place, str(error)))
    return Read(found.encounters, rejected)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        raise QuestionUnclear(
            "A quotation mark is not closed.", next_step="Close it, or leave it out."
        ) from None


def _of_words(
    words: list[str], place: str, today: date, default: Mapping[str, object]
) -> Encounter:
    lines: list[str] = []
    said: dict[str, object] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-"):
            lines.append(word)
            continue
        option, equals, value = word.partition("=")
        if option not in _OPTIONS:
            raise QuestionUnclear(
                f"There is no option '{shown(option)}'.{did_you_mean(option, _OPTIONS)}",
                next_step=f"A line takes {', '.join(_OPTIONS)}.",
            )
        if not equals:
            value = next(rest, "")
        if not value:
            raise QuestionUnclear(f"A value is missing after {option}.", next_step="Add it.")
        key = _OPTIONS[option]
        if key in _SEVERAL:
            said[key] = (*said.get(key, ()), value)  # type: ignore[misc]
        else:
            said[key] = value
    if said.keys() & {"age", "birth"}:
        default = {name: v for name, v in default.items() if name not in ("age", "birth")}
    merged = {**default, **said}
    return encounter(lines, today=today, place=place, **merged)  # type: ignore[arg-type]


def _parted(values: Iterable[str]) -> list[str]:
    return [word for value in values for word in re.split(r"[\s,;]+", value) if word]


def _day(option: str, text: str) -> date:
    day = day_of(text)
    if day is None:
        raise QuestionUnclear(
            f"'{shown(text)}' is not a day.{meant(text)}",
            where=option,
            next_step="Write it as 2026-03-02.",
        )
    return day


def _pos(text: str) -> str:
    pos = text.strip().zfill(2)
    if not re.fullmatch(r"[0-9]{2}", pos):
        raise QuestionUnclear(
            f"'{shown(text)}' is not a place of service.",
            where="--pos",
            next_step="Give its two digits: 11 office, 22 outpatient hospital.",
        )
    if pos not in places():
        raise QuestionUnclear(
            f"There is no place of service {pos}.",
            where="--pos",
            next_step="Give its two digits: 11 office, 22 outpatient hospital.",
        )
    return pos


def _age(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > OLDEST:
        raise QuestionUnclear(
            f"'{shown(text)}' is not an age.",
            where="--age",
            next_step="Give whole years, 0 for an infant; or --birth with the day.",
        )
    return int(text)


def _sex(text: str) -> str:
    found = _SEXES.get(text.strip().upper())
    if found is None:
        raise QuestionUnclear(
            f"'{shown(text)}' is not a sex.", where="--sex", next_step="Give F, M or U (unknown)."
        )
    return found


def _payer(text: str) -> str:
    found = business(text)
    if found is None:
        what, next_step = unknown(shown(text))
        raise QuestionUnclear(what, where="--payer", next_step=next_step)
    return found


def _diagnosis(text: str) -> str:
    code = text.replace(".", "").upper()
    if not re.fullmatch(r"(?=.*[0-9])[A-Z0-9]{3,7}", code):
        raise QuestionUnclear(
            f"'{shown(text)}' has not the form of a diagnosis.",
            where="--dx",
            next_step="Give ICD-10-CM codes: M17.11.",
        )
    return code


def _specialty(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        name, value = "*", text
    if not re.fullmatch(r"[A-Za-z0-9]{2}|[A-Za-z0-9]{10}", value):
        raise QuestionUnclear(
            f"'{shown(value)}' is not a specialty.",
            where="--specialty",
            next_step="Give a Medicare specialty code (11) or a taxonomy (207R00000X); of one "
            "practitioner: anna=11.",
        )
    return name.strip().lower(), value.upper()


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
