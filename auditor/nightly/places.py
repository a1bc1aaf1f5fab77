"""Where things of the nightly run lie: names under the folders of its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.nightly.settings import Nightly

HEAD = 12
"""So many characters of a file's digest tell it from others of its name."""


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

    def manifest(self, run_id: str) -> Path:
        """The evidence of a run."""
        return self.state / "manifests" / f"{run_id}.json"

    def archived(self, feed: str, month: str, sha256: str, name: str) -> str:
        """Where an input goes, relative to the archive; `month` is YYYY-MM."""
        return f"{feed}/{month}/{sha256[:HEAD]}-{name}"
