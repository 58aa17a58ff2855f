-- Hash-chained decisions in compact form, and the anchors of dropped ones.

-- name: lock_chain
-- One writer at a time continues a site's chain.
SELECT pg_advisory_xact_lock(hashtextextended('decisions/' || %(system_id)s::text, 0))

-- name: decision_at
SELECT d.id, d.system_id, d.at, d.document, d.body, s.document AS settings, d.version,
    d.previous_hash, d.hash
FROM decisions d
LEFT JOIN decision_settings s ON s.system_id = d.system_id AND s.hash = d.settings_hash
WHERE d.system_id = %(system_id)s AND d.at = %(at)s

-- name: chain_end
-- The newest decision's hash, or the anchor's where all decisions were dropped.
SELECT coalesce(
    (SELECT hash FROM decisions WHERE system_id = %(system_id)s ORDER BY position DESC LIMIT 1),
    (SELECT hash FROM decision_anchors WHERE system_id = %(system_id)s ORDER BY id DESC LIMIT 1)
) AS hash

-- name: add_settings
INSERT INTO decision_settings (system_id, hash, document)
VALUES (%(system_id)s, %(settings_hash)s, %(settings)s)
ON CONFLICT (system_id, hash) DO NOTHING

-- name: add_decision
INSERT INTO decisions (id, system_id, at, settings_hash, body, version, previous_hash, hash)
VALUES (%(id)s, %(system_id)s, %(at)s, %(settings_hash)s, %(body)s, %(version)s,
    %(previous_hash)s, %(hash)s)

-- name: decision
SELECT d.id, d.system_id, d.at, d.document, d.body, s.document AS settings, d.version,
    d.previous_hash, d.hash
FROM decisions d
LEFT JOIN decision_settings s ON s.system_id = d.system_id AND s.hash = d.settings_hash
WHERE d.id = %(id)s

-- name: decisions
-- Newest first, in the order in which they were decided: the clock may have been wrong. The page
-- begins with the decision whose time is the last before ``before``.
SELECT d.id, d.system_id, d.at, d.document, d.body, s.document AS settings, d.version,
    d.previous_hash, d.hash
FROM decisions d
LEFT JOIN decision_settings s ON s.system_id = d.system_id AND s.hash = d.settings_hash
WHERE d.system_id = %(system_id)s AND (%(before)s::timestamptz IS NULL OR d.position <= (
    SELECT position FROM decisions
    WHERE system_id = %(system_id)s AND at < %(before)s
    ORDER BY at DESC LIMIT 1))
ORDER BY d.position DESC LIMIT %(limit)s

-- name: oldest_decisions
-- The beginning of the chain, up to the last one before ``before`` that precedes all of the span from
-- ``before`` to ``now``. What a wrong clock stamped otherwise goes with what was decided around it.
SELECT d.id, d.system_id, d.at, d.document, d.body, s.document AS settings, d.version,
    d.previous_hash, d.hash
FROM decisions d
LEFT JOIN decision_settings s ON s.system_id = d.system_id AND s.hash = d.settings_hash
WHERE d.system_id = %(system_id)s AND d.position <= (
    SELECT max(old.position) FROM decisions old
    WHERE old.system_id = %(system_id)s AND old.at < %(before)s AND old.position < coalesce((
        SELECT min(kept.position) FROM decisions kept
        WHERE kept.system_id = %(system_id)s AND kept.at >= %(before)s AND kept.at <= %(now)s
        ), 9223372036854775807))
ORDER BY d.position LIMIT %(limit)s

-- name: count_decisions
SELECT count(*) AS total FROM decisions WHERE system_id = %(system_id)s

-- name: anchor
SELECT at, hash, dropped, intact
FROM decision_anchors WHERE system_id = %(system_id)s ORDER BY id DESC LIMIT 1

-- name: allow_retention
-- For this transaction only.
SELECT set_config('commandcenter.retention', 'on', true)

-- name: drop_decisions
DELETE FROM decisions WHERE system_id = %(system_id)s AND id = ANY(%(ids)s)

-- name: drop_settings
-- Settings that no decision refers to any more.
DELETE FROM decision_settings s
WHERE s.system_id = %(system_id)s AND NOT EXISTS (
    SELECT FROM decisions d WHERE d.system_id = s.system_id AND d.settings_hash = s.hash
)

-- name: add_anchor
INSERT INTO decision_anchors (system_id, at, hash, dropped, intact)
VALUES (%(system_id)s, %(at)s, %(hash)s, %(dropped)s, %(intact)s)
