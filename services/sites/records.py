"""A site's systems, adapters and controlled loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from energy.site.loads import LoadKind
from energy.site.pv_array import PvArray
from energy.site.snapshot import Link
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One site. ``owner_id`` is the user whose preferences apply to it.

    Its place (``timezone``, ``latitude``, ``longitude``) is the same in the preferences: changing
    one changes the other. Without ``pv_arrays`` it has no sky model.
    """

    id: UUID
    name: str
    owner_id: UUID
    timezone: str
    latitude: float
    longitude: float
    simulated: bool = False
    pv_arrays: tuple[PvArray, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterConfig:
    """One configured driver instance. ``secrets`` is decrypted and never leaves the wiring.

    ``adapter_type`` is ``solark_cloud``, ``victron_vrm`` or ``shelly_rpc``; ``settings`` holds base
    URL, site or plant id. ``identity`` is the identity that the device at the base URL first
    reported, None before. A device with another identity that answers there later is refused.
    """

    id: UUID
    system_id: UUID
    adapter_type: str
    name: str
    settings: Json
    secrets: Json = field(default_factory=dict)
    poll_interval_s: float = 120.0
    link: Link = Link.CLOUD
    enabled: bool = True
    identity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorPause:
    """The time for which an adapter's vendor wants no further request."""

    asked_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledLoad:
    """One load that can be switched. Miner profiles and zones refer to it by its id.

    ``channel`` is the switch's channel on its adapter; ``rated_w`` is used where ``has_meter`` is
    False; ``has_timer`` says that the switch has a hardware auto-off.
    """

    id: UUID
    system_id: UUID
    adapter_id: UUID
    name: str
    kind: LoadKind
    channel: int = 0
    rated_w: float = 0.0
    has_meter: bool = True
    has_timer: bool = True


def channel_taken(load: ControlledLoad, adapter: str, other: str) -> tuple[str, str]:
    """The problem of a load whose relay switches another one: a stop of one would be undone by what
    keeps the other on.
    """
    return "channel", f"{load.channel} of {adapter} switches {other} already: one relay, one load"
