"""These tests share the oracle's harness, the cases of the rules and the random batches."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "properties"), str(TESTS / "parts")]

import pytest  # noqa: E402 - the paths come first


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a few rows of counts are joined apart, and made fewer on the way."""
    monkeypatch.setattr("auditor.engine.whole.AT_ONCE", 25)
