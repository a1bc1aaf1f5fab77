"""Random 837P files with every loop that the reader looks at, valid as pyx12 judges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from x12_build import HEADER, Marks, group, interchange, transaction

if TYPE_CHECKING:
    import random

_CODES = ("99213", "99214", "J1100", "00840", "80053", "G0008", "0001U")
_MODIFIERS = ("25", "59", "RT", "LT", "QX", "XU")
_PEOPLE = ("1234567893", "1999999984", "1888888885", "1777777776")
_ADDRESS = ("N3*1 MAIN ST", "N4*MIAMI*FL*33413")
_NAMES = ("TED", "ANN", "BO LEE", "KIM")
_MARKS = (
    Marks(), Marks("|", ">", "~", "^"), Marks("\x1d", "\x1f", "\x1c", "\x1e"),
    Marks("+", "<", "'", "%"), Marks("^", "*", "|", "!"), Marks("\t", "\\", "!", "`"),
)  # fmt: skip


class Dice:
    """Thrown by one source of chance, so that a failure can be repeated and shrunk."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.claims = 0

    def some(self, *segments: str, odds: float = 0.5) -> list[str]:
        """All of `segments`, or none of them."""
        return list(segments) if self.chance.random() < odds else []

    def one(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def file(self) -> tuple[list[list[str]], Marks, int]:
        """(the segments of each interchange, delimiters, width of wrapping or 0)."""
        found = []
        for number in range(1, self.chance.randint(1, 2) + 1):
            groups = [
                group(
                    *(self.transaction(f"{n:04}") for n in range(1, self.chance.randint(1, 2) + 1)),
                    number=n,
                )
                for n in range(1, self.chance.randint(1, 2) + 1)
            ]
            found.append(interchange(*groups, number=number))
        return found, self.chance.choice(_MARKS), self.chance.choice((0, 0, 80, 63))

    def transaction(self, number: str) -> list[str]:
        body: list[str] = []
        level = 0
        for _ in range(self.chance.randint(1, 2)):
            level += 1
            provider = level
            body += self.provider(level)
            for _ in range(self.chance.randint(1, 3)):
                level += 1
                dependents = self.chance.choice((0, 0, 1, 2))
                body += self.subscriber(level, provider, dependents)
                above = level
                for _ in range(dependents):
                    level += 1
                    body += self.dependent(level, above)
                    body += self.claim()
                if not dependents:
                    body += [s for _ in range(self.chance.randint(1, 2)) for s in self.claim()]
        return transaction(*HEADER, *body, number=number)

    def provider(self, level: int) -> list[str]:
        tax = self.one("EI", "SY")
        return [
            f"HL*{level}**20*1",
            *self.some(f"PRV*BI*PXC*20{self.chance.randint(1, 9)}Q00000X"),
            f"NM1*85*2*A GROUP*****XX*{self.one(*_PEOPLE)}",
            *_ADDRESS,
            f"REF*{tax}*{self.chance.randint(10**8, 10**9 - 1)}",
            *self.some("NM1*87*2", *_ADDRESS),
        ]

    def subscriber(self, level: int, above: int, dependents: int) -> list[str]:
        own = f"M{self.chance.randint(1, 3)}"
        code = self.one("MB", "MC", "CI", "HM", "16", "BL", "ZZ")
        person = [] if dependents else [*_ADDRESS, f"DMG*D8*{self.day('19')}*{self.one('F', 'M')}"]
        payer = self.one("KEY INSURANCE", "MEDICARE", "OTHER (PLAN)")
        return [
            f"HL*{level}*{above}*22*{min(dependents, 1)}",
            f"SBR*{self.one('P', 'S', 'T')}*{'' if dependents else '18'}*******{code}",
            f"NM1*IL*1*DOE*JANE****MI*{own}",
            *person,
            f"NM1*PR*2*{payer}*****PI*{self.chance.randint(10**4, 10**5)}",
        ]

    def dependent(self, level: int, above: int) -> list[str]:
        return [
            f"HL*{level}*{above}*23*0",
            "PAT*19",
            f"NM1*QC*1*DOE*{self.one(*_NAMES)}",
            *_ADDRESS,
            f"DMG*D8*{self.day('20')}*{self.one('F', 'M')}",
        ]

    def day(self, century: str = "2024") -> str:
        year = century if len(century) > 2 else f"{century}{self.chance.randint(10, 20)}"
        return f"{year}{self.chance.randint(1, 12):02}{self.chance.randint(1, 28):02}"

    def claim(self) -> list[str]:
        self.claims += 1
        number = f"C{self.claims}"
        place = self.one("11", "22", "12")
        others = [s for _ in range(self.chance.choice((0, 0, 1, 2))) for s in self.other()]
        lines = [s for n in range(1, self.chance.randint(1, 3) + 1) for s in self.line(n)]
        return [
            f"CLM*{number}*100***{place}:B:{self.one('1', '7', '8')}*Y*A*Y*Y",
            *self.some(f"REF*F8*PAYER{number}"),
            *self.some("REF*X4*10D1010101"),
            *self.some("REF*D9*1731234"),
            *self.some("NTE*ADD*OF THE CLAIM"),
            self.one("HI*ABK:J020", "HI*ABK:E119*ABF:I10*ABF:Z794", "HI*BK:0340*BF:V7389"),
            *self.some(f"NM1*DN*1*LAST*FIRST****XX*{self.one(*_PEOPLE)}"),
            *self.rendering(),
            *self.some("NM1*77*2*A PLACE", *_ADDRESS),
            *others,
            *lines,
        ]

    def rendering(self) -> list[str]:
        return self.some(
            f"NM1*82*1*LAST*FIRST****XX*{self.one(*_PEOPLE)}",
            *self.some(f"PRV*PE*PXC*36{self.chance.randint(1, 9)}L00000X"),
        )

    def other(self) -> list[str]:
        """Loop 2320: what another payer knows of the claim."""
        return [
            f"SBR*{self.one('P', 'S', 'T')}*18*******{self.one('MB', 'MC')}",
            "AMT*D*80",
            "OI***Y*P**Y",
            "NM1*IL*1*ROE*CAROL****MI*OTHER1",
            "NM1*PR*2*ANOTHER PAYER*****PI*59999",
            *self.some("REF*F8*ANOTHERS"),
            *self.some("NM1*DN*1", "REF*G2*77"),
            *self.some("NM1*82*1", "REF*G2*88"),
        ]

    def line(self, number: int) -> list[str]:
        chosen = "".join(
            f":{self.one(*_MODIFIERS)}" for _ in range(self.chance.choice((0, 0, 1, 2, 4)))
        )
        code = f"HC:{self.one(*_CODES)}{chosen}"
        measure = self.one("UN*1", "UN*2.5", "MJ*88")
        place, pointers = self.one("", "", "22"), self.one("1", "1:2", "2:1:3:4")
        first, last = sorted((self.day(), self.day()))
        cents = self.chance.randint(1, 99_999)
        return [
            f"LX*{number}",
            f"SV1*{code}*{cents // 100}.{cents % 100:02}*{measure}*{place}**{pointers}",
            self.one(f"DTP*472*D8*{first}", f"DTP*472*RD8*{first}-{last}"),
            *self.some("DTP*463*D8*20240101"),
            *self.some("REF*X4*11D1111111"),
            *self.some("REF*F4*12D1212121"),
            *self.some("NTE*ADD*OF THE LINE"),
            *self.some("LIN**N4*00026063512", "CTP****10*ML"),
            *self.rendering(),
            *self.some(f"NM1*DN*1*LAST*FIRST****XX*{self.one(*_PEOPLE)}"),
            *self.some("SVD*59999*80*HC:99999:99**9", "CAS*PR*2*15", "DTP*573*D8*20240601"),
        ]
