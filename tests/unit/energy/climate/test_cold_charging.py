"""A cold bank must not be charged: when that begins, ends, and is said as critical."""

from __future__ import annotations

from dataclasses import replace

from energy.climate.zones import ZoneWarning, ZoneWarningCode
from tests.fakes.sites.heated_zone import ZONE, Site


def test_charging_is_blocked_below_the_threshold_and_released_two_kelvin_above() -> None:
    site = Site()
    seen = [
        (c, site.decide(c).charging_blocked) for c in (0.0, -0.1, 0.0, 1.9, 2.0, 0.0, -5.0, None)
    ]
    assert seen == [
        (0.0, False),
        (-0.1, True),
        (0.0, True),
        (1.9, True),
        (2.0, False),
        (0.0, False),
        (-5.0, True),
        (None, True),
    ]


def test_the_colder_of_zone_and_bank_counts() -> None:
    site = Site()
    seen = [
        site.decide(zone_c, battery_c=bank_c).charging_blocked
        for zone_c, bank_c in ((6.0, -0.5), (6.0, 1.9), (None, 1.0), (6.0, 2.0))
    ]
    assert seen == [True, True, True, False]


def test_a_zone_without_a_threshold_blocks_no_charging() -> None:
    site = Site(replace(ZONE, block_charging_below_temp=None))
    assert site.decide(-20.0).charging_blocked is False


def test_that_nothing_can_block_charging_is_said_as_critical() -> None:
    site = Site()
    decision = site.decide(-1.0, battery_c=1.0)
    assert decision.charging_blocked is True
    assert decision.warnings == (
        ZoneWarning(
            code=ZoneWarningCode.CHARGING_NOT_BLOCKABLE,
            critical=True,
            sentence=(
                "Heat Room is −1.0 °C and the battery 1.0 °C: the battery must not be charged "
                "below 0.0 °C (again from 2.0 °C) and no device here can block it."
            ),
        ),
    )
    silent = site.decide(None, after_s=60)
    assert silent.warnings[0].sentence.startswith("It was too cold: the battery must not")
