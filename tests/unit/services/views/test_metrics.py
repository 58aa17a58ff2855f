"""The figures for a monitoring system, as Prometheus reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.views.metrics import Metrics
from tests.fakes.clock import EPOCH, SteppingClock
from tests.fakes.site import InMemorySiteStore
from tests.fakes.stores.all_stores import InMemoryStores
from tests.unit.scheduler.test_runner import HOME

EXPECTED = """\
# HELP commandcenter_cycles_24h Control cycles that ran in the last 24 h.
# TYPE commandcenter_cycles_24h gauge
commandcenter_cycles_24h{site="My \\"Home\\""} 2
# HELP commandcenter_cycles_missed_24h Cycles that were due in the last 24 h and did not run.
# TYPE commandcenter_cycles_missed_24h gauge
commandcenter_cycles_missed_24h{site="My \\"Home\\""} 3
# HELP commandcenter_job_seconds How long the last run of a job took.
# TYPE commandcenter_job_seconds gauge
commandcenter_job_seconds{job="control",site="My \\"Home\\""} 0.012
commandcenter_job_seconds{job="outbox",site=""} 0.001
# HELP commandcenter_job_age_seconds Site time since the last run of a job.
# TYPE commandcenter_job_age_seconds gauge
commandcenter_job_age_seconds{job="control",site="My \\"Home\\""} 240
commandcenter_job_age_seconds{job="outbox",site=""} 240
# HELP commandcenter_job_failed 1 where the last run of a job failed.
# TYPE commandcenter_job_failed gauge
commandcenter_job_failed{job="control",site="My \\"Home\\""} 1
commandcenter_job_failed{job="outbox",site=""} 0
"""


async def test_cycles_and_jobs() -> None:
    clock = SteppingClock()
    stores = InMemoryStores(clock=clock)
    assert isinstance(stores.site, InMemorySiteStore)
    await stores.site.save_system(replace(HOME, name='My "Home"'))
    for minute in (0, 4):
        started_at = EPOCH + timedelta(minutes=minute)
        await stores.jobs.count_cycle(HOME.id, started_at=started_at, interval_s=60.0)
    await stores.jobs.record("control", system_id=HOME.id, at=EPOCH, ms=12.0, error="gone")
    await stores.jobs.record("outbox", system_id=None, at=EPOCH, ms=1.0, error=None)
    clock.advance(240.0)
    metrics = Metrics(sites=stores.site, jobs=stores.jobs, clock=clock)
    assert await metrics.text() == EXPECTED
