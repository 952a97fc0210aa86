import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from backchannel.store import Store, StoreError, open_store
from backchannel.store.schema import metadata
from tests.store.conftest import Database


def test_directory_and_files_are_their_owners_alone(sqlite_store: Store, data_dir: Path) -> None:
    sqlite_store.keys.create("laptop")
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in data_dir.iterdir()} == {0o600}


def test_keys_outlive_the_process(database: Database) -> None:
    with database.open() as store:
        _, secret = store.keys.create("laptop")
    with database.open() as store:
        assert store.keys.verify(secret) is not None
        assert not store.keys.is_empty()


def test_another_database_by_its_address(tmp_path: Path, data_dir: Path) -> None:
    with open_store(data_dir, url=f"sqlite:///{tmp_path}/other.sqlite3") as store:
        _, secret = store.keys.create("laptop")
        assert store.keys.verify(secret) is not None
    assert not data_dir.exists()
    for url in ("nonsense", "postgresql+psycopg://user:hunter2@127.0.0.1:1/x", "sqlite:////dev/null/x"):
        with pytest.raises(StoreError) as caught:
            open_store(data_dir, url=url)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_the_tables_can_be_made_in_postgresql(table: Table) -> None:
    made = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "CREATE TABLE" in made


def test_a_file_that_is_no_database_is_named(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "backchannel.sqlite3").write_text("not a database " * 100)
    with pytest.raises(StoreError, match="not a Backchannel store"):
        open_store(data_dir)


@pytest.mark.slow
def test_a_store_that_another_program_locks_is_not_called_damaged(data_dir: Path) -> None:
    data_dir.mkdir(parents=True)
    with closing(sqlite3.connect(data_dir / "backchannel.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            open_store(data_dir)


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(tmp_path / "file")
