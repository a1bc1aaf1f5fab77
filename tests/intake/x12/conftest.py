"""These tests share the modules beside them: what builds files, and what reads them slowly."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.intake import Intake, IntakeOptions, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def read_x12(tmp_path: Path) -> Callable[..., Intake]:
    """Write a text (or bytes) as a file and read it as claims."""

    def run(content: str | bytes, **options: object) -> Intake:
        path = tmp_path / "claims.837"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_claims([path], IntakeOptions(**options))

    return run
