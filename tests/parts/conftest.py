"""These tests share the oracle's harness, the cases of the rules and the random batches."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "properties"), str(TESTS / "parts")]
