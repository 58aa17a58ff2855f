"""The off-grid plant keeps its energy, and the core lives well in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.offgrid import OWNER, READINGS, Controller, live, main, miners_of, sky_model, summary
from bench.offgrid_deciders import CoreDecider
from bench.offgrid_plant import (
    CAPACITY_WH,
    LOADS_W,
    MINUTES,
    Plant,
    Week,
    clear_sky_w,
    possible_wh,
    week_of,
)
from energy.site.miners import MinerMode
from energy.site.preference_rules import miner_violations, preference_violations
from services.telemetry.ports import SkyModel

pytestmark = pytest.mark.no_cover
"""Weeks, minute by minute: three times as slow with every line traced."""

SUMMER = 190


@pytest.fixture(scope="module")
def sky() -> SkyModel:
    return sky_model()


@pytest.fixture(scope="module")
def summer() -> Week:
    return week_of(SUMMER, 1)


def core(mode: MinerMode, sky: SkyModel) -> CoreDecider:
    return CoreDecider(OWNER, miners_of(mode), sky)


def test_a_seed_draws_the_same_week_again() -> None:
    assert week_of(55, 3) == week_of(55, 3)
    assert week_of(55, 3) != week_of(55, 4)


def test_its_sun_is_near_the_products_and_not_the_same(sky: SkyModel, summer: Week) -> None:
    noon = summer.at(12 * 60)
    assert clear_sky_w(noon) == pytest.approx(sky.clear_sky_w(noon), rel=0.1)
    assert clear_sky_w(noon) != sky.clear_sky_w(noon)


def test_energy_is_neither_made_nor_lost(summer: Week) -> None:
    """Sun less throttled is house, own use, charge, losses; the battery loses a few per cent."""
    plant = Plant(draws_w=())
    used_wh = charged_wh = 0.0
    for minute in range(MINUTES):
        plant.step(summer.sun_w[minute], summer.house_w[minute])
        used_wh += plant.pv_w / 60.0
        charged_wh += plant.current_a * plant.voltage_v / 60.0
    sun_wh = sum(summer.sun_w) / 60.0
    assert used_wh + plant.curtailed_wh == pytest.approx(sun_wh)
    stored_wh = (plant.soc - 0.5) * CAPACITY_WH
    assert stored_wh < charged_wh < stored_wh + 0.15 * CAPACITY_WH


def test_nobody_hashes_more_than_the_possible(summer: Week) -> None:
    free_wh = sum(summer.sun_w) / 60.0 * 0.97 - sum(summer.house_w) / 60.0
    most_wh = possible_wh(summer, start_soc=0.5, end_soc=0.5, floor_soc=0.1)
    assert 0.9 * free_wh < most_wh < free_wh


def test_the_owners_settings_keep_the_rules() -> None:
    assert preference_violations(OWNER) == []
    assert [miner_violations(miner) for miner in miners_of(MinerMode.BALANCED)] == [[]] * len(
        LOADS_W
    )


@pytest.mark.parametrize("readings", ["fresh", "late+quantised"])
def test_a_summer_week(sky: SkyModel, summer: Week, readings: str) -> None:
    assert readings in READINGS
    outcome = live(summer, OWNER, core(MinerMode.BALANCED, sky), readings)
    assert outcome.hashing_pct >= 94.5
    assert outcome.switches_a_day <= 8.0
    assert outcome.unserved_kwh == 0.0
    assert outcome.lowest_soc_pct > 30.0


def test_a_summary_counts_over_all_weeks(sky: SkyModel, summer: Week) -> None:
    outcome = live(summer, OWNER, core(MinerMode.OPPORTUNISTIC, sky), "fresh")
    figures = summary([outcome, replace(outcome, switches_a_day=99.0)])
    assert figures["switches_a_day_worst"] == 99.0
    assert figures["hashing_pct"] == round(outcome.hashing_pct, 1)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--weeks", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unserved_without_miners_kwh"] > 0.0
    assert main(["--set", "sun_to_come_trust=2"]) == 2


@pytest.mark.parametrize("readings", ["fresh", "late+quantised"])
@pytest.mark.parametrize("begins_h", [6, 11], ids=["nearly full at dawn", "floating at eleven"])
def test_sun_only_miners_on_a_fresh_install_find_the_hidden_surplus(
    sky: SkyModel, summer: Week, begins_h: int, readings: str
) -> None:
    """A clear summer day of a full battery: without miners some 76 kWh are thrown away."""
    plant = Plant(soc=0.97)
    control = Controller(core(MinerMode.OPPORTUNISTIC, sky), readings)
    before_wh = 0.0
    for minute in range(6 * 60, 24 * 60):
        at = summer.at(minute)
        plant.step(clear_sky_w(at), summer.house_w[minute])
        if minute < begins_h * 60:
            before_wh = plant.curtailed_wh
        else:
            control.cycle(plant, summer.at(minute + 1))
    assert plant.curtailed_wh - before_wh < 10_000.0
    assert sum(miner.hashing_wh for miner in plant.miners) > 40_000.0
