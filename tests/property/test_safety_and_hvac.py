"""What holds for any request, any context and any course of temperatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from energy.climate.heating import HvacHints
from energy.climate.zones import HvacMemory, control_zones
from energy.safety.validator import (
    Allowed,
    InFlight,
    PastSwitch,
    SafetyContext,
    SwitchRequest,
    validate,
)
from energy.site.loads import Actor, HeatSource, LoadKind, Zone
from energy.site.preferences import Preferences
from energy.site.snapshot import Reading

AT = datetime(2026, 6, 21, 19, 0, tzinfo=UTC)
voltages = st.one_of(st.none(), st.floats(min_value=40, max_value=60))
ages = st.integers(min_value=0, max_value=7_200).map(lambda s: AT - timedelta(seconds=s))

contexts = st.builds(
    SafetyContext,
    at=st.just(AT),
    preferences=st.just(Preferences()),
    raw_voltage_v=voltages,
    rest_voltage_v=voltages,
    grid_power_w=st.one_of(st.none(), st.floats(min_value=-9_000, max_value=9_000)),
    emergency_stop=st.booleans(),
    device_online=st.booleans(),
    is_on=st.one_of(st.none(), st.booleans()),
    since=st.one_of(st.none(), ages),
    recent=st.lists(
        st.builds(PastSwitch, at=ages, actor=st.sampled_from(Actor), is_on=st.booleans()),
        max_size=9,
    ).map(tuple),
    in_flight=st.one_of(st.none(), st.builds(InFlight, target_on=st.booleans())),
)
requests = st.builds(
    SwitchRequest,
    load_id=st.just("x"),
    name=st.just("X"),
    kind=st.sampled_from(LoadKind),
    target_on=st.booleans(),
    actor=st.sampled_from(Actor),
    approved=st.booleans(),
    protective=st.booleans(),
    power_w=st.floats(min_value=0, max_value=5_000),
)


@settings(max_examples=120, deadline=None)
@given(request=requests, context=contexts)
def test_what_is_allowed_is_safe(request: SwitchRequest, context: SafetyContext) -> None:
    if validate(request, context) != Allowed() or not request.target_on:
        return
    assert not context.emergency_stop
    assert context.is_on is not True
    for voltage_v in (context.raw_voltage_v, context.rest_voltage_v):
        assert voltage_v is None or voltage_v > Preferences().voltage_critical_low


@settings(max_examples=120, deadline=None)
@given(request=requests, context=contexts)
def test_a_protective_stop_reaches_every_load_that_may_be_on(
    request: SwitchRequest, context: SafetyContext
) -> None:
    if not request.protective or request.target_on or context.is_on is False:
        return
    if context.in_flight is None or context.in_flight.target_on:
        assert validate(request, context) == Allowed()


ZONE = Zone(
    id="z",
    name="Z",
    temp_too_hot=40.0,
    temp_hot_ok=35.0,
    temp_cold_ok=5.0,
    temp_too_cold=0.0,
    exhaust_fan_enabled=True,
    exhaust_fan_device_id="f",
    heating_enabled=True,
    heating_priority_1=HeatSource.HEATER,
    heater_device_id="h",
    block_charging_below_temp=0.0,
)


@settings(max_examples=80, deadline=None)
@given(
    course=st.lists(
        st.one_of(st.none(), st.floats(min_value=-30, max_value=70)), min_size=1, max_size=30
    ),
    pv_w=st.floats(min_value=0, max_value=15_000),
    fans=st.sampled_from([frozenset[str](), frozenset({"f"})]),
)
def test_a_zone_never_heats_and_cools_and_obeys_its_outer_limits(
    course: list[float | None], pv_w: float, fans: frozenset[str]
) -> None:
    memory = HvacMemory()
    for minute, temperature_c in enumerate(course):
        reading = None if temperature_c is None else Reading(value=temperature_c)
        decided = control_zones(
            (ZONE,),
            {"z": reading},
            AT + timedelta(minutes=minute),
            memory,
            HvacHints(rest_voltage_v=53.0, pv_w=pv_w, fans_with_speed=fans),
        )
        zone, memory = decided.zones[0], decided.memory
        assert not (zone.fan_on and zone.heater_on)
        assert (zone.fan_speed is not None) == (zone.fan_on is True and fans == {"f"})
        assert fans or "speed" not in zone.explanation
        assert zone.fan_speed is None or 1 <= zone.fan_speed <= 10
        if temperature_c is not None:
            assert zone.fan_on is True or temperature_c < 40
            assert zone.charging_blocked or temperature_c >= 0
            assert not zone.heater_on or temperature_c < 5
