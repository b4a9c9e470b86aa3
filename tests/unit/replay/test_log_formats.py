"""Which log a folder holds, and what is said where it is not clear."""

import re
from pathlib import Path

import pytest

from service.errors import SetupError
from service.replay.formats import open_log
from tests.unit.bare_install import run_without
from tests.unit.replay.invented_logs import write_ebnerd, write_mind


def test_minds_folder_is_known_by_its_files(tmp_path: Path) -> None:
    assert "N2" in open_log([write_mind(tmp_path)]).articles


def test_ebnerds_folder_is_known_by_its_files(tmp_path: Path) -> None:
    assert "11" in open_log([write_ebnerd(tmp_path)]).articles


def test_folders_of_two_formats_are_refused(tmp_path: Path) -> None:
    folders = [write_mind(tmp_path / "m"), write_ebnerd(tmp_path / "e")]
    with pytest.raises(SetupError, match=r"one format: .*m is MIND, .*e is EB-NeRD"):
        open_log(folders)


def test_a_folder_without_a_log_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    said = re.escape("expected news.tsv and behaviors.tsv (MIND) or behaviors.parquet and history")
    with pytest.raises(SetupError, match=f"holds no log: {said}"):
        open_log([tmp_path])


def test_a_folder_above_logs_is_refused_with_their_names(tmp_path: Path) -> None:
    dev, train = write_mind(tmp_path / "dev"), write_mind(tmp_path / "train")
    with pytest.raises(SetupError, match=re.escape(f"did you mean {dev} and {train}?")):
        open_log([tmp_path])


def test_a_file_or_nothing_is_no_folder(tmp_path: Path) -> None:
    file = write_mind(tmp_path) / "news.tsv"
    for path in (file, tmp_path / "nowhere"):
        with pytest.raises(SetupError, match=f"{path.name} is not a folder"):
            open_log([path])


def test_no_folder_and_the_same_folder_twice_are_refused(tmp_path: Path) -> None:
    folder = write_mind(tmp_path)
    with pytest.raises(SetupError, match="at least one folder"):
        open_log([])
    with pytest.raises(SetupError, match="given twice"):
        open_log([folder, folder / ".." / folder.name])


def test_without_polars_one_line_names_the_extra(tmp_path: Path) -> None:
    done = run_without(["polars"], "service.cli", "replay", write_ebnerd(tmp_path))
    assert done.returncode == 1
    said = "newsstand: EB-NeRD is read with polars: pip install 'newsstand[replay]'\n"
    assert done.stderr == said
