"""Parameters of a simulated site: its place, array, battery, loads and rooms."""

from __future__ import annotations

from dataclasses import dataclass, field

from energy.site.preferences import DEFAULT_CURVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Location of the site; degrees north and east, metres above sea level."""

    latitude: float = 37.3382
    longitude: float = -121.8863
    altitude_m: float = 30.0
    timezone: str = "America/Los_Angeles"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayPlan:
    """The PV array.

    Attributes:
        peak_w: Peak power at standard test conditions, W.
        tilt_deg: Tilt against the horizontal, degrees.
        azimuth_deg: Compass direction it faces, degrees (180 is south).
        loss_factor: Share left after losses of wiring, soiling and conversion, 0…1.
        temperature_factor: Change of power per kelvin of cell temperature, 1/K.
        inverter_limit_w: Most that the inverter takes from the array, W.
    """

    peak_w: float = 14_600.0
    tilt_deg: float = 25.0
    azimuth_deg: float = 180.0
    loss_factor: float = 0.90
    temperature_factor: float = -0.0037
    inverter_limit_w: float = 15_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryPlan:
    """The LiFePO4 bank and its charger's set points.

    Attributes:
        capacity_wh: Energy between empty and full at rest, Wh.
        curve: (open-circuit voltage V, state of charge %), rising in both columns.
        resistance_ohm: Internal resistance, Ω.
        full_resistance_ohm: Resistance that charging meets in addition when full, Ω: it makes the
            charge current taper.
        charge_limit_a: Largest charge current, A.
        discharge_limit_a: Largest discharge current, A.
        coulombic_efficiency: Share of the charge current that stays, 0…1.
        absorption_v: Charge voltage of the bulk and absorption stages, V.
        float_v: Charge voltage of the float stage, V.
        rebulk_v: Voltage below which charging starts over with bulk, V.
        tail_a: Absorption ends when the current has tapered to this, A.
        absorption_max_s: Absorption ends after this time at the latest, s.
        cutoff_v: The inverter switches its output off at or below this voltage, V.
        reconnect_v: It switches the output on again at this voltage, V.
    """

    capacity_wh: float = 48_000.0
    curve: tuple[tuple[float, float], ...] = DEFAULT_CURVE
    resistance_ohm: float = 0.010
    full_resistance_ohm: float = 0.070
    charge_limit_a: float = 275.0
    discharge_limit_a: float = 275.0
    coulombic_efficiency: float = 0.99
    absorption_v: float = 57.6
    float_v: float = 56.0
    rebulk_v: float = 54.4
    tail_a: float = 25.0
    absorption_max_s: float = 7_200.0
    cutoff_v: float = 44.0
    reconnect_v: float = 47.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlan:
    """One load behind a switch of its own.

    Attributes:
        slug: Short name in the switch's address.
        name: Name shown to people.
        kind: ``miner``, ``heater`` or ``fan``.
        power_w: Power at full work, W.
        zone: Slug of the room that it stands in, or that a fan airs.
        boot_s: Shortest and longest time a miner takes from power to hashing, s.
        ramp_s: Time from the first hash to full power, s.
        boot_power_w: Power while booting, W.
        dimmable: Its switch is a dimmer (0–10 V) and sets how hard it works.
    """

    slug: str
    name: str
    kind: str
    power_w: float
    zone: str
    boot_s: tuple[float, float] = (120.0, 300.0)
    ramp_s: float = 90.0
    boot_power_w: float = 90.0
    dimmable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPlan:
    """One room. Heat capacity J/K; losses W/K through the walls, and by a running fan."""

    slug: str
    name: str
    heat_capacity_j_per_k: float = 900_000.0
    wall_w_per_k: float = 150.0
    fan_w_per_k: float = 450.0
    start_c: float = 20.0


REFERENCE_DEVICES: tuple[DevicePlan, ...] = (
    DevicePlan(
        slug="primary", name="Primary S21+", kind="miner", power_w=3_878.0, zone="heat-room"
    ),
    DevicePlan(slug="dump", name="Dump Load S19", kind="miner", power_w=3_250.0, zone="heat-room"),
    DevicePlan(slug="fan1", name="Heat Room fan", kind="fan", power_w=62.0, zone="heat-room"),
    DevicePlan(slug="fan2", name="Main Room fan", kind="fan", power_w=62.0, zone="main-room"),
    DevicePlan(
        slug="heater1", name="Heat Room heater", kind="heater", power_w=1_500.0, zone="heat-room"
    ),
    DevicePlan(
        slug="heater2", name="Main Room heater", kind="heater", power_w=1_500.0, zone="main-room"
    ),
)

REFERENCE_ROOMS: tuple[RoomPlan, ...] = (
    RoomPlan(slug="heat-room", name="Heat Room", fan_w_per_k=600.0),
    RoomPlan(slug="main-room", name="Main Room", heat_capacity_j_per_k=1_400_000.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """The whole site; the defaults are the reference site."""

    place: Place = field(default_factory=Place)
    array: ArrayPlan = field(default_factory=ArrayPlan)
    battery: BatteryPlan = field(default_factory=BatteryPlan)
    devices: tuple[DevicePlan, ...] = REFERENCE_DEVICES
    rooms: tuple[RoomPlan, ...] = REFERENCE_ROOMS
    self_use_w: float = 250.0
    house_mean_w: float = 950.0
