"""A site's systems, adapters and controlled loads."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from energy.site.loads import LoadKind
from energy.site.pv_array import PvArray
from energy.site.snapshot import Link
from services.stored import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One site. ``owner_id`` is the user whose preferences rule it.

    Its place (``timezone``, ``latitude``, ``longitude``) is that of the owner's preferences too:
    whichever is changed, the other follows. Without ``pv_arrays`` it has no sky model.
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
    URL, site or plant id. ``identity`` is what the device at the base URL first said of itself,
    None until it has: another one that answers there later is not it.
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
class ControlledLoad:
    """One thing that we can switch. Its id is the ``device_id`` of miner profiles and zones.

    ``channel`` is the switch's channel on its adapter; ``rated_w`` stands in where ``has_meter`` is
    False;
    ``has_timer`` says that the switch has a hardware auto-off.
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
