-- Alerts by identity, and the outbox.

-- name: open
SELECT id, system_id, key, category, severity, title, detail, advice, opened_at, updated_at,
    cleared_at, acknowledged_at, acknowledged_by, snoozed_until
FROM alerts WHERE system_id = %(system_id)s AND cleared_at IS NULL
ORDER BY opened_at DESC, id DESC

-- name: page
SELECT id, system_id, key, category, severity, title, detail, advice, opened_at, updated_at,
    cleared_at, acknowledged_at, acknowledged_by, snoozed_until
FROM alerts
WHERE system_id = %(system_id)s AND (%(before)s::timestamptz IS NULL OR opened_at < %(before)s)
ORDER BY opened_at DESC, id DESC LIMIT %(limit)s

-- name: count
SELECT count(*) AS total FROM alerts WHERE system_id = %(system_id)s

-- name: get
SELECT id, system_id, key, category, severity, title, detail, advice, opened_at, updated_at,
    cleared_at, acknowledged_at, acknowledged_by, snoozed_until
FROM alerts WHERE id = %(id)s

-- name: save
INSERT INTO alerts (id, system_id, key, category, severity, title, detail, advice, opened_at,
    updated_at, cleared_at, acknowledged_at, acknowledged_by, snoozed_until)
VALUES (%(id)s, %(system_id)s, %(key)s, %(category)s, %(severity)s, %(title)s, %(detail)s,
    %(advice)s, %(opened_at)s, %(updated_at)s, %(cleared_at)s, %(acknowledged_at)s,
    %(acknowledged_by)s, %(snoozed_until)s)
ON CONFLICT (id) DO UPDATE SET
    category = excluded.category, severity = excluded.severity, title = excluded.title,
    detail = excluded.detail, advice = excluded.advice, updated_at = excluded.updated_at,
    cleared_at = excluded.cleared_at, acknowledged_at = excluded.acknowledged_at,
    acknowledged_by = excluded.acknowledged_by, snoozed_until = excluded.snoozed_until

-- name: put
INSERT INTO notifications (id, system_id, alert_id, dedupe_key, target, subject, body,
    created_at, next_try_at)
VALUES (%(id)s, %(system_id)s, %(alert_id)s, %(dedupe_key)s, %(target)s, %(subject)s, %(body)s,
    %(created_at)s, %(next_try_at)s)
ON CONFLICT DO NOTHING

-- name: claim
-- Claims last a minute of the server's time; then a crashed process's messages can be claimed
-- again. No pause is longer than six hours: what is due later was put in by a clock that ran ahead.
UPDATE notifications SET claimed_until = now() + interval '60 seconds'
WHERE id IN (
    SELECT id FROM notifications
    WHERE sent_at IS NULL AND failed_at IS NULL
        AND (next_try_at <= %(now)s OR next_try_at > %(now)s::timestamptz + interval '7 hours')
        AND (claimed_until IS NULL OR claimed_until <= now())
    ORDER BY next_try_at, created_at, id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED)
RETURNING id, system_id, alert_id, dedupe_key, target, subject, body, created_at, next_try_at,
    tries, sent_at, failed_at, last_error

-- name: end_try
-- Also inserts a row for this try.
WITH ended AS (
    UPDATE notifications SET
        tries = tries + 1, claimed_until = NULL,
        sent_at = %(sent_at)s, failed_at = %(failed_at)s,
        last_error = coalesce(%(error)s, last_error),
        next_try_at = coalesce(%(next_try_at)s, next_try_at)
    WHERE id = %(id)s AND sent_at IS NULL AND failed_at IS NULL
    RETURNING id, tries)
INSERT INTO delivery_tries (notification_id, number, error)
SELECT id, tries, %(error)s FROM ended

-- name: pending
SELECT count(*) AS total FROM notifications
WHERE system_id = %(system_id)s AND sent_at IS NULL AND failed_at IS NULL
