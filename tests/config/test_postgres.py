"""The supervisor of our own PostgreSQL: whoever is killed, nothing committed is lost and it starts again."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from fenqi.config.postgres import ADMINISTRATOR, Cluster, is_at_work, processes_at_work, using

COMMITS_BEFORE_THE_KILL = 100

WRITER = """
import sys, psycopg
from pathlib import Path
from fenqi.config.postgres import Cluster, using

with using(Cluster(Path(sys.argv[1]))) as address, psycopg.connect(address, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (number int PRIMARY KEY)")
    number = connection.execute("SELECT coalesce(max(number), 0) FROM kept").fetchone()[0]
    while True:
        number += 1
        connection.execute("INSERT INTO kept VALUES (%s)", [number])
        print(number, flush=True)
"""

BUSY = "DO $$ BEGIN INSERT INTO kept VALUES (1); LOOP END LOOP; END $$"

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that every account may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="fenqi-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def finished(folder: Path) -> Path:
    """A server that was made and stopped once, to copy from: making one takes a second."""
    home = folder / "finished"
    with using(Cluster(home)):
        return home


@pytest.fixture
def home(folder: Path) -> Iterator[Path]:
    """Where a server is not yet."""
    home = Path(tempfile.mkdtemp(dir=folder)) / "server"
    home.parent.chmod(0o755)
    yield home
    for process in processes_at_work(Cluster(home).data):
        with suppress(ProcessLookupError):  # the others may have taken it down with them
            os.kill(process, signal.SIGKILL)
    wait_until(lambda: not processes_at_work(Cluster(home).data))
    shutil.rmtree(home.parent)


@pytest.fixture
def unharmed(finished: Path) -> Cluster:
    """That server itself, for who only looks at it."""
    return Cluster(finished)


@pytest.fixture
def cluster(home: Path, finished: Path) -> Cluster:
    """A copy, for who writes or kills."""
    subprocess.run(["cp", "-a", str(finished), str(home)], check=True)
    return Cluster(home)


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def keeper_of(cluster: Cluster) -> int:
    postmaster = cluster.postmaster()
    assert postmaster is not None
    return int(Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[1])


@contextmanager
def committing(cluster: Cluster) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Another process that commits row after row and says so; the list is what it is known to have committed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(cluster.home)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert writer.stdout is not None
    told: list[int] = []
    for line in writer.stdout:
        told.append(int(line))
        if len(told) == COMMITS_BEFORE_THE_KILL:
            break
    try:
        yield writer, told
        told += [int(line) for line in writer.stdout if line.endswith("\n")]
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def kept(address: str) -> set[int]:
    with psycopg.connect(address) as connection:
        return {number for (number,) in connection.execute("SELECT number FROM kept").fetchall()}


def kill_the_postmaster(cluster: Cluster, writer: int) -> None:
    postmaster = cluster.postmaster()
    assert postmaster is not None
    os.kill(postmaster, signal.SIGKILL)


def kill_the_keeper(cluster: Cluster, writer: int) -> None:
    os.kill(keeper_of(cluster), signal.SIGKILL)


def kill_the_user(cluster: Cluster, writer: int) -> None:
    os.kill(writer, signal.SIGKILL)


def kill_everything(cluster: Cluster, writer: int) -> None:
    for process in [keeper_of(cluster), writer, *processes_at_work(cluster.data)]:
        with suppress(ProcessLookupError):  # the others may have taken it down with them
            os.kill(process, signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_the_postmaster, kill_the_keeper, kill_the_user, kill_everything])
def test_every_committed_row_survives(cluster: Cluster, kill: Callable[[Cluster, int], None]) -> None:
    with committing(cluster) as (writer, told):
        kill(cluster, writer.pid)
    assert len(told) >= COMMITS_BEFORE_THE_KILL
    with using(cluster) as address:
        assert kept(address) >= set(told)


def test_the_server_stops_with_its_last_user_however_that_one_ends(cluster: Cluster) -> None:
    with using(cluster):
        assert cluster.is_ready()
    assert not processes_at_work(cluster.data)
    with committing(cluster) as (writer, _):
        writer.kill()
    wait_until(lambda: not processes_at_work(cluster.data))


def test_a_second_user_finds_the_server_and_keeps_it_when_the_first_one_leaves(cluster: Cluster) -> None:
    with committing(cluster) as (writer, _):
        server = cluster.postmaster()
        with using(cluster) as address:
            assert cluster.postmaster() == server
            writer.kill()
            writer.wait()
            time.sleep(0.5)  # five looks of the keeper
            assert kept(address)
            assert cluster.postmaster() == server


def test_many_first_users_start_one_server(cluster: Cluster) -> None:
    code = (
        "import sys; from pathlib import Path; from fenqi.config.postgres import Cluster, using\n"
        "c = Cluster(Path(sys.argv[1]), durable=False)\n"
        "with using(c): print(c.postmaster(), flush=True); sys.stdin.read()"
    )
    users = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(cluster.home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    servers = {user.stdout.readline() for user in users if user.stdout}
    for user in users:
        user.communicate()
        assert user.returncode == 0
    assert len(servers) == 1
    assert not processes_at_work(cluster.data)


@pytest.mark.parametrize("whose", ["a stranger's", "a zombie's", "nobody's"])
def test_a_stale_process_number_does_not_keep_it_from_starting(cluster: Cluster, whose: str) -> None:
    with using(cluster) as address, psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept (number int); INSERT INTO kept VALUES (1)")
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    wait_until(lambda: Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    number = {"a stranger's": os.getpid(), "a zombie's": zombie.pid, "nobody's": 2**22 + 1}[whose]
    (cluster.data / "postmaster.pid").write_text(f"{number}\n{cluster.data}\n1\n5432\n\n127.0.0.1\n1 1\nready\n")
    assert not is_at_work(number, cluster.data)
    with using(cluster) as address:
        assert kept(address) == {1}
    zombie.wait()


def test_a_backend_that_outlived_its_server_is_ended_before_the_next_start(cluster: Cluster) -> None:
    with using(cluster) as address:
        with psycopg.connect(address) as connection:
            connection.execute("CREATE TABLE kept (number int)")
        busy = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import sys, psycopg; psycopg.connect(sys.argv[1]).execute(sys.argv[2])",
                address,
                BUSY,
            ],
            stderr=subprocess.DEVNULL,
        )
        with psycopg.connect(address, autocommit=True) as connection:
            running = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO%'"
            wait_until(lambda: connection.execute(running).fetchone())
        kill_the_postmaster(cluster, busy.pid)
        wait_until(lambda: cluster.postmaster() is None)
        assert processes_at_work(cluster.data)
    with using(cluster) as address:
        assert kept(address) == set()
    busy.wait()


def test_only_its_owner_can_read_the_password_and_nobody_enters_without_it(unharmed: Cluster) -> None:
    with using(unharmed) as address:
        assert (unharmed.home / "access.json").stat().st_mode & 0o777 == 0o600
        assert unharmed.data.stat().st_mode & 0o777 == 0o700
        for host in (str(unharmed.socket_folder), "127.0.0.1"):
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(address, password="wrong", host=host)
        with psycopg.connect(address, host="127.0.0.1") as connection:
            assert connection.info.host == "127.0.0.1"


def test_our_role_is_no_administrator(unharmed: Cluster) -> None:
    with using(unharmed) as address, psycopg.connect(address) as connection:
        rights = (
            "SELECT rolsuper, rolcreaterole, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = current_user"
        )
        assert connection.execute(rights).fetchone() == (False, False, False, False)
        with psycopg.connect(unharmed.url(role=ADMINISTRATOR)) as administrator:
            assert administrator.info.user == ADMINISTRATOR


def test_text_sorts_and_folds_the_same_on_every_machine(unharmed: Cluster) -> None:
    with using(unharmed) as address, psycopg.connect(address) as connection:
        answer = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'fenqi'")
        assert answer.fetchone() == ("b", "C.UTF-8")
        assert connection.execute("SELECT lower('ÀÉ')").fetchone() == ("àé",)


def test_what_is_kept_is_flushed_unless_the_cluster_is_fleeting(unharmed: Cluster) -> None:
    for durable, expected in ((True, "on"), (False, "off")):
        with using(replace(unharmed, durable=durable)) as address, psycopg.connect(address) as connection:
            assert connection.execute("SELECT current_setting('fsync')").fetchone() == (expected,)


def test_another_port_is_taken_when_the_remembered_one_is_occupied(cluster: Cluster) -> None:
    import socket

    with using(cluster):
        port = cluster.access().port
    with socket.create_server(("127.0.0.1", port)), using(cluster) as address:
        assert cluster.access().port != port
        with psycopg.connect(address, host="127.0.0.1") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_creation_that_was_cut_short_is_made_again(home: Path) -> None:
    cluster = Cluster(home, durable=False)
    (cluster.shelter / "data.draft").mkdir(parents=True)
    (cluster.shelter / "data.draft" / "PG_VERSION").write_text("18\n")
    with using(cluster) as address, psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_preparation_that_was_cut_short_is_finished(unharmed: Cluster) -> None:
    unharmed.remember(replace(unharmed.access(), prepared=False))
    with using(unharmed) as address, psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that the server's account cannot enter")
def test_root_may_keep_the_project_in_a_private_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelter = home.parent / "shelter"
    monkeypatch.setenv("FENQI_SHELTER", str(shelter))
    private = home.parent / "private"
    private.mkdir(mode=0o700)
    cluster = Cluster(private / "server", durable=False)
    with using(cluster) as address, psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert cluster.data.is_relative_to(shelter)
    shutil.rmtree(private)
