"""Keys in a file: made, known again, revoked; by several at once; damaged."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from service.adapters.key_file import changing_keys, read_keys, write_private
from service.adapters.watched_file import WatchedFile
from service.cli import main
from service.demo import demo
from service.domain.api_key import Keyring, KeyScope, new_key
from service.errors import SetupError
from service.settings import Settings

NOW = datetime(2026, 5, 1, tzinfo=UTC)
READ = [KeyScope.READ]


Command = Callable[..., str]


@pytest.fixture
def newsstand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``newsstand keys``: what it prints, or says on standard error if it is to end in status 1."""

    def run(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["newsstand", "keys", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (ended.value.code or 0) == status, said
        return said.out if status == 0 else said.err

    return run


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def added(path: Path, name: str) -> str:
    shown, kept = new_key(name, READ, None, NOW)
    with changing_keys(path) as change:
        change.to(change.keyring.adding(kept))
    return shown


def test_a_key_is_known_again_and_no_other_is() -> None:
    shown, kept = new_key("site", READ, None, NOW)
    keyring = Keyring(keys=(kept, new_key("other", READ, None, NOW)[1]))
    assert keyring.owner(shown) == kept
    wrong = shown[:-1] + ("0" if shown[-1] != "0" else "1")
    for forged in (wrong, shown + "0", shown[:-1], shown.upper(), kept.sha256, kept.id, "", "é"):
        assert keyring.owner(forged) is None
    assert keyring.without("site").owner(shown) is None


def test_a_key_has_256_random_bits_of_which_only_a_hash_is_kept(keys_file: Path) -> None:
    shown = added(keys_file, "site")
    prefix, public, secret = shown.split("_")
    assert prefix == "newsstand"
    assert len(bytes.fromhex(secret)) * 8 == 256
    assert public in keys_file.read_text()
    assert secret not in keys_file.read_text()
    assert added(keys_file, "other") != shown


def test_only_its_owner_reads_the_file_whatever_the_umask(keys_file: Path) -> None:
    before = os.umask(0)
    try:
        added(keys_file, "site")
    finally:
        os.umask(before)
    assert keys_file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_replaced_stays_as_it_was(keys_file: Path) -> None:
    (keys_file.parent / "folder").mkdir()
    with pytest.raises(SetupError, match="cannot be written"):
        write_private(keys_file.parent / "folder", "x")
    assert [path.name for path in keys_file.parent.iterdir()] == ["folder"]


@pytest.mark.parametrize("kept", [0, 1, 50, -3])
def test_a_torn_file_is_refused_as_a_whole(keys_file: Path, kept: int) -> None:
    added(keys_file, "site")
    keys_file.write_bytes(keys_file.read_bytes()[:kept])
    with pytest.raises(SetupError, match="are damaged"):
        read_keys(keys_file)
    with pytest.raises(SetupError, match="are damaged"), changing_keys(keys_file):
        pass


def test_two_keys_of_one_name_or_id_are_refused(keys_file: Path) -> None:
    _, kept = new_key("site", READ, None, NOW)
    twice = f'{{"keys": [{kept.model_dump_json()}, {kept.model_dump_json()}]}}'
    keys_file.write_text(twice)
    with pytest.raises(SetupError, match="more than one key has the id"):
        read_keys(keys_file)


def test_a_damaged_new_version_leaves_the_old_keys_in_place(keys_file: Path) -> None:
    shown = added(keys_file, "site")
    watched = WatchedFile("the API keys", keys_file, read_keys)
    keys_file.write_text('{"keys": [')
    watched.refresh()
    assert watched.content.owner(shown) is not None
    keys_file.write_text(Keyring().model_dump_json())
    watched.refresh()
    assert watched.content.owner(shown) is None


def test_a_revocation_that_could_not_be_read_at_first_is_read_later(
    keys_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown, barred = added(keys_file, "site"), True

    def read(path: Path) -> Keyring:
        if barred:
            raise SetupError("too many open files")
        return read_keys(path)

    barred = False
    watched = WatchedFile("the API keys", keys_file, read)
    barred = True
    with changing_keys(keys_file) as change:
        change.to(change.keyring.without("site"))
    for _ in range(3):
        watched.refresh()
    assert watched.content.owner(shown) is not None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    barred = False
    watched.refresh()
    assert watched.content.owner(shown) is None


def test_a_file_of_another_content_is_read_again_whatever_its_date_says(keys_file: Path) -> None:
    shown = added(keys_file, "a")
    watched = WatchedFile("the API keys", keys_file, read_keys)
    before, said = keys_file.stat(), keys_file.read_text()
    keys_file.write_text(said.replace('"a"', '"b"'))
    os.utime(keys_file, ns=(before.st_atime_ns, before.st_mtime_ns))
    watched.refresh()
    key = watched.content.owner(shown)
    assert key is not None
    assert key.name == "b"


def test_whoever_could_read_the_keys_can_read_them_after_a_change(keys_file: Path) -> None:
    added(keys_file, "site")
    keys_file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(keys_file, 65_534, 65_533)
    before = keys_file.stat()
    added(keys_file, "other")
    after = keys_file.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert after.st_mode & 0o777 == 0o640
    assert [path.name for path in keys_file.parent.iterdir()] == ["keys.json"]


def test_thousands_of_keys_are_checked_in_linear_time() -> None:
    keys = tuple(new_key(f"key-{n}", READ, None, NOW)[1] for n in range(2_000))
    compared = 0

    class Counted(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    Keyring(keys=tuple(key.model_copy(update={"id": Counted(key.id)}) for key in keys))
    assert compared < 10 * len(keys)


def test_keys_made_at_once_by_many_are_all_there(keys_file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        shown = list(threads.map(lambda n: added(keys_file, f"key-{n}"), range(24)))
    keyring = read_keys(keys_file)
    assert len(keyring.keys) == 24
    assert all(keyring.owner(key) for key in shown)


def test_the_command_makes_lists_and_revokes(newsstand: Command, keys_file: Path) -> None:
    file = ["--api-keys-file", str(keys_file)]
    shown = newsstand("create", "site", "--scope", "read", "--scope", "write", *file).strip()
    key = read_keys(keys_file).owner(shown)
    assert key is not None
    assert key.scopes == {"read", "write"}
    listed = newsstand("list", *file)
    assert "site" in listed
    assert "read,write" in listed
    assert shown.rpartition("_")[2] not in listed
    assert key.sha256 not in listed
    assert "there is a key site" in newsstand("create", "site", "--scope", "read", *file, status=1)
    newsstand("revoke", "site", *file)
    assert "no key site" in newsstand("revoke", "site", *file, status=1)
    assert newsstand("list", *file) == ""


def test_a_containers_first_start_makes_a_key_and_its_next_ones_do_not(
    newsstand: Command, keys_file: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    make = ["create", "demo", "--scope", "read", "--api-keys-file", str(keys_file)]
    make += ["--secret-file", str(secret), "--unless-exists"]
    said = newsstand(*make)
    shown = secret.read_text().strip()
    assert shown not in said
    assert secret.stat().st_mode & 0o777 == 0o600
    newsstand(*make)
    assert secret.read_text().strip() == shown
    assert read_keys(keys_file).owner(shown) is not None
    secret.unlink()
    assert "cannot be shown again" in newsstand(*make, status=1)


def test_a_secret_takes_the_place_of_a_secret_and_of_nothing_else(
    newsstand: Command, keys_file: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    make = ["create", "a", "--scope", "read", "--api-keys-file", str(keys_file)]
    make += ["--secret-file", str(secret)]
    secret.write_text("somebody's diary")
    assert "left as it is" in newsstand(*make, status=1)
    assert secret.read_text() == "somebody's diary"
    assert not keys_file.exists()
    secret.write_text(new_key("gone", READ, None, NOW)[0])
    newsstand(*make)
    assert read_keys(keys_file).owner(secret.read_text().strip()) is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "a b", "--scope", "read"], "name"),
        (["create", "a", "--scope", "read", "--requests-per-second", "0"], "requests_per_second"),
        (["create", "a", "--scope", "read", "--requests-per-second", "nan"], "requests_per_second"),
        (["list"], "cannot be read"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    newsstand: Command, keys_file: Path, arguments: list[str], said: str
) -> None:
    (line,) = newsstand(*arguments, "--api-keys-file", str(keys_file), status=1).splitlines()
    assert line.startswith("newsstand: ")
    assert said in line


def test_only_a_guarded_service_listens_to_the_network(keys_file: Path) -> None:
    with pytest.raises(SetupError, match="loopback"):
        Settings.of(host="0.0.0.0")
    assert Settings.of(host="0.0.0.0", api_keys_file=keys_file).host == "0.0.0.0"


def test_the_demo_of_a_guarded_service_asks_for_a_key(keys_file: Path) -> None:
    with pytest.raises(SetupError, match="NEWSSTAND_API_KEY"):
        demo(Settings(api_keys_file=keys_file), None, Console())
