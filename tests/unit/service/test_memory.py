"""What a machine remembers of its state store."""

import stat
from pathlib import Path

import pytest

from service.adapters.snapshots.memory import FILE, Memory


def test_what_is_kept_is_remembered_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    assert Memory.of(folder) is None
    for memory in (Memory("one", "00"), Memory("another", "ff")):
        memory.keep(folder)
        assert Memory.of(folder) == memory
    assert [path.name for path in folder.iterdir()] == [FILE]
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"identity": "one"}'])
def test_a_memory_that_cannot_be_read_is_none_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / FILE).write_text(content)
    assert Memory.of(tmp_path) is None
    assert "cannot be read" in caplog.text
