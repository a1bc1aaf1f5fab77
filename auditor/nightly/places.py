"""Where things of the nightly run lie: names under the folders of its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.nightly.settings import Nightly

HEAD = 12
"""So many characters of a file's digest tell it from others of its name."""
_LONGEST, _ENDING = 255, 10
"""Bytes of a name on most file systems; characters of what still counts as its ending."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one nightly run."""

    inbox: Path
    outbox: Path
    archive: Path
    state: Path

    @classmethod
    def of(cls, nightly: Nightly) -> Places:
        """As the configuration has them."""
        return cls(nightly.inbox, nightly.outbox, nightly.archive, nightly.state)

    @property
    def lock(self) -> Path:
        """Held while a night is at work."""
        return self.state / "lock"

    def history(self, feed: str) -> Path:
        """The audited lines of a feed."""
        return self.state / "history" / feed

    def open_findings(self, feed: str) -> Path:
        """A copy of what the ledger has open of a feed, where that is much."""
        return self.state / "open" / f"{feed}.parquet"

    def layout(self, feed: str) -> Path:
        """The layout to which a feed without one of its own was pinned."""
        return self.state / "layouts" / f"{feed}.toml"

    @property
    def staging(self) -> Path:
        """Where runs are made before anybody sees them."""
        return self.state / "staging"

    def staged(self, run_id: str) -> Path:
        """What a run makes."""
        return self.staging / run_id

    @property
    def manifests(self) -> Path:
        """The evidence of all runs."""
        return self.state / "manifests"

    def manifest(self, run_id: str) -> Path:
        """The evidence of a run."""
        return self.manifests / f"{run_id}.json"

    def archived(self, feed: str, month: str, sha256: str, name: str) -> str:
        """Where an input goes, relative to the archive; `month` is YYYY-MM."""
        return f"{feed}/{month}/{_cut(f'{sha256[:HEAD]}-{name}')}"


def _cut(name: str) -> str:
    """`name` with its ending, no longer than a name may be."""
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > _ENDING:
        stem, dot, ending = name, "", ""
    room = _LONGEST - len(f"{dot}{ending}".encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending
