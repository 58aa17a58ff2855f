-- Preferences, miner profiles and zones. Their columns are the fields of the domain's records.

-- name: preferences
SELECT {columns}, version, updated_at FROM user_preferences WHERE system_id = %(system_id)s

-- name: preferences_locked
SELECT {columns}, version, updated_at
FROM user_preferences WHERE system_id = %(system_id)s FOR UPDATE

-- name: add_preferences
-- Inserts the defaults when preferences are first read; the place is copied from the system.
INSERT INTO user_preferences (user_id, system_id, timezone, latitude, longitude)
SELECT owner_id, id, timezone, latitude, longitude FROM systems WHERE id = %(system_id)s
ON CONFLICT DO NOTHING

-- name: save_preferences
UPDATE user_preferences SET {columns:sets} WHERE system_id = %(system_id)s
RETURNING {columns}, version, updated_at

-- name: all
SELECT {columns}, version, updated_at FROM {table}
WHERE system_id = %(system_id)s ORDER BY {order}

-- name: one_locked
SELECT {columns}, system_id, version, updated_at FROM {table} WHERE id = %(id)s FOR UPDATE

-- name: save
INSERT INTO {table} ({columns}, system_id) VALUES ({columns:places}, %(system_id)s)
ON CONFLICT (id) DO UPDATE SET {changing:updates}
RETURNING {columns}, version, updated_at

-- name: delete
DELETE FROM {table} WHERE id = %(id)s AND system_id = %(system_id)s
RETURNING {columns}, version, updated_at

-- name: audit
-- Who changed what, with the values before and after.
INSERT INTO audit_log (system_id, actor, what, key, before, after)
VALUES (%(system_id)s, %(actor)s, %(what)s, %(key)s, %(before)s, %(after)s)
