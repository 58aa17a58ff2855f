-- The newest period of one job and site that any scheduler has queued, up to ``latest``. Those beyond
-- are of a clock that ran ahead: they are forgotten.
WITH ahead AS (
    DELETE FROM procrastinate_periodic_defers
    WHERE task_name = %(task_name)s AND periodic_id = %(periodic_id)s
        AND defer_timestamp > %(latest)s
)
SELECT coalesce(max(defer_timestamp), 0) AS period
FROM procrastinate_periodic_defers
WHERE task_name = %(task_name)s AND periodic_id = %(periodic_id)s
    AND defer_timestamp <= %(latest)s
