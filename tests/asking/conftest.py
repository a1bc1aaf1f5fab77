"""The starter set as the tables that answer."""

import pytest

from auditor.reference import load_reference
from auditor.reference.interface import Reference


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return load_reference(tmp_path_factory.mktemp("store"))
