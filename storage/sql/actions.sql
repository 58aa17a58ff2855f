-- The action log.

-- name: create
INSERT INTO actions (id, system_id, load_id, target_on, target_speed, actor, requested_by, reason,
    explanation, status, urgent, idempotency_key, decision_id, created_at, expires_at,
    executed_at, finished_at, previous_on, previous_speed, tries, measured_w, result)
VALUES (%(id)s, %(system_id)s, %(load_id)s, %(target_on)s, %(target_speed)s, %(actor)s,
    %(requested_by)s, %(reason)s, %(explanation)s, %(status)s, %(urgent)s, %(idempotency_key)s,
    %(decision_id)s, %(created_at)s, %(expires_at)s, %(executed_at)s, %(finished_at)s,
    %(previous_on)s, %(previous_speed)s, %(tries)s, %(measured_w)s, %(result)s)
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id

-- name: by_key
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions WHERE idempotency_key = %(key)s

-- name: get
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions WHERE id = %(id)s

-- name: lock
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions WHERE id = %(id)s FOR UPDATE

-- name: move
-- Sets only the columns whose ``set_`` flag is true.
UPDATE actions SET
    status = %(status)s,
    executed_at = CASE WHEN %(set_executed_at)s THEN %(executed_at)s ELSE executed_at END,
    finished_at = CASE WHEN %(set_finished_at)s THEN %(finished_at)s ELSE finished_at END,
    previous_on = CASE WHEN %(set_previous_on)s THEN %(previous_on)s ELSE previous_on END,
    previous_speed = CASE WHEN %(set_previous_speed)s THEN %(previous_speed)s
        ELSE previous_speed END,
    tries = CASE WHEN %(set_tries)s THEN %(tries)s ELSE tries END,
    measured_w = CASE WHEN %(set_measured_w)s THEN %(measured_w)s ELSE measured_w END,
    result = CASE WHEN %(set_result)s THEN %(result)s ELSE result END
WHERE id = %(id)s
RETURNING id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result

-- name: log
INSERT INTO action_events (action_id, at, status, actor, detail)
VALUES (%(action_id)s, %(at)s, %(status)s, %(actor)s, %(detail)s)

-- name: events
SELECT action_id, at, status, actor, detail
FROM action_events WHERE action_id = %(action_id)s ORDER BY id

-- name: page
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions
WHERE system_id = %(system_id)s
    AND (%(before)s::timestamptz IS NULL OR created_at < %(before)s)
    AND (%(load_id)s::uuid IS NULL OR load_id = %(load_id)s)
ORDER BY created_at DESC, id DESC LIMIT %(limit)s

-- name: count
SELECT count(*) AS total FROM actions
WHERE system_id = %(system_id)s AND (%(load_id)s::uuid IS NULL OR load_id = %(load_id)s)

-- name: with_status
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions WHERE system_id = %(system_id)s AND status = ANY(%(statuses)s)
ORDER BY created_at, id

-- name: open_sites
-- Sites with actions that have not ended; the statuses are those of the index ``actions_open``.
SELECT DISTINCT system_id FROM actions
WHERE status IN ('proposed', 'pending', 'approved', 'executing', 'verifying')

-- name: asked_since
-- Actions of people and agents: sent since a time, or still open. They are the decision's
-- proposals.
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions
WHERE system_id = %(system_id)s AND actor IN ('owner', 'agent')
    AND (
        executed_at >= %(at)s
        OR status IN ('proposed', 'pending', 'approved', 'executing', 'verifying')
    )
ORDER BY executed_at, created_at, id

-- name: since
SELECT id, system_id, load_id, target_on, target_speed, actor, requested_by, reason, explanation,
    status, urgent, idempotency_key, decision_id, created_at, expires_at, executed_at, finished_at,
    previous_on, previous_speed, tries, measured_w, result
FROM actions WHERE load_id = %(load_id)s AND executed_at >= %(at)s
ORDER BY executed_at, id

-- name: timer_faults
SELECT f.load_id, f.since, f.asked_s, f.reported_s
FROM timer_faults f JOIN controlled_loads l ON l.id = f.load_id
WHERE l.system_id = %(system_id)s ORDER BY f.load_id

-- name: keep_timer_fault
-- Nothing is kept for a load that was removed meanwhile.
INSERT INTO timer_faults (load_id, since, asked_s, reported_s)
SELECT id, %(since)s, %(asked_s)s, %(reported_s)s FROM controlled_loads WHERE id = %(load_id)s
ON CONFLICT (load_id) DO UPDATE SET since = excluded.since, asked_s = excluded.asked_s,
    reported_s = excluded.reported_s

-- name: clear_timer_fault
DELETE FROM timer_faults WHERE load_id = %(load_id)s
