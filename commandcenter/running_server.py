"""Where the running program answers, for the commands beside it.

``up`` and ``serve`` leave their address and a token of the owner in the data folder, readable by
nobody else (the key file lies beside it), so that a command asks the program that has everything
loaded instead of loading it again. The file is removed when the program ends. A killed program
leaves it behind; a command that gets no answer there then works without it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "server.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A server of this data folder.

    Attributes:
        url: Its address on this machine.
        token: Secret of a token that may do what the owner may.
        token_id: Id for revoking the token.
    """

    url: str
    token: str = field(repr=False)
    token_id: str


def write_running_server(home: Path, server: RunningServer) -> None:
    """Write the address for this user's commands, replacing an earlier one."""
    home.mkdir(parents=True, exist_ok=True)  # a server beside another database has no folder yet
    draft = home / f"{FILE}.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)
    draft.replace(home / FILE)


def read_running_server(home: Path) -> RunningServer | None:
    """The server that was started last, if the file can be read; it may have ended since."""
    try:
        announced = json.loads((home / FILE).read_text(encoding="utf-8"))
        return RunningServer(
            **{name: str(announced[name]) for name in ("url", "token", "token_id")}
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def forget_running_server(home: Path, server: RunningServer) -> None:
    """Remove the file, unless another server has taken it over."""
    if read_running_server(home) == server:
        (home / FILE).unlink(missing_ok=True)
