-- Claims the periods (of jobs and sites) that no scheduler has queued yet; returns their names. Periods
-- beyond ``latest`` are of a clock that ran ahead: they are forgotten.
WITH asked AS (
    SELECT name, period, latest
    FROM unnest(%(names)s::text[], %(periods)s::bigint[], %(latest)s::bigint[])
        AS runs (name, period, latest)
), claimed AS (
    INSERT INTO procrastinate_periodic_defers AS known (task_name, periodic_id, defer_timestamp)
    SELECT %(task_name)s::text, name, period FROM asked
    WHERE NOT EXISTS (
        SELECT FROM procrastinate_periodic_defers d
        WHERE d.task_name = %(task_name)s::text AND d.periodic_id = asked.name
            AND d.defer_timestamp BETWEEN asked.period AND asked.latest
    )
    ON CONFLICT DO NOTHING
    RETURNING periodic_id, defer_timestamp
), forgotten AS (
    DELETE FROM procrastinate_periodic_defers d USING claimed c, asked a
    WHERE d.task_name = %(task_name)s::text AND d.periodic_id = c.periodic_id
        AND a.name = c.periodic_id
        AND (d.defer_timestamp < c.defer_timestamp OR d.defer_timestamp > a.latest)
)
SELECT periodic_id AS name FROM claimed
