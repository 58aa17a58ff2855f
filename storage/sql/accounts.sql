-- People, sessions, links, tokens. Secrets are stored hashed.

-- name: users
SELECT id, email, role, created_at, last_login_at, revoked_at FROM users ORDER BY lower(email)

-- name: user_by_email
SELECT id, email, role, created_at, last_login_at, revoked_at FROM users WHERE lower(email) = lower(%(email)s)

-- name: user
SELECT id, email, role, created_at, last_login_at, revoked_at FROM users WHERE id = %(id)s

-- name: add_user
INSERT INTO users (id, email, role, password_hash, created_at)
VALUES (%(id)s, %(email)s, %(role)s, %(password_hash)s, %(at)s)
RETURNING id, email, role, created_at, last_login_at, revoked_at

-- name: password_hash
SELECT password_hash FROM users WHERE id = %(id)s

-- name: revoke_user
UPDATE users SET revoked_at = coalesce(revoked_at, %(at)s), password_hash = NULL WHERE id = %(id)s
RETURNING id, email, role, created_at, last_login_at, revoked_at

-- name: restore_user
UPDATE users SET revoked_at = NULL WHERE id = %(id)s
RETURNING id, email, role, created_at, last_login_at, revoked_at

-- name: end_sessions_of_user
UPDATE sessions SET ended_at = %(at)s WHERE user_id = %(id)s AND ended_at IS NULL

-- name: use_up_links_of_user
UPDATE login_links SET used_at = %(at)s WHERE user_id = %(id)s AND used_at IS NULL

-- name: delete_tokens_of_user
DELETE FROM api_tokens WHERE user_id = %(id)s

-- name: add_link
INSERT INTO login_links (link_hash, user_id, created_at, expires_at)
VALUES (%(link_hash)s, %(user_id)s, %(at)s, %(expires_at)s)

-- name: use_link
UPDATE login_links SET used_at = %(at)s
WHERE link_hash = %(link_hash)s AND used_at IS NULL AND expires_at > %(at)s
RETURNING user_id

-- name: note_login
UPDATE users SET last_login_at = %(at)s WHERE id = %(id)s
RETURNING id, email, role, created_at, last_login_at, revoked_at

-- name: add_session
INSERT INTO sessions (session_hash, user_id, created_at, expires_at)
VALUES (%(session_hash)s, %(user_id)s, %(at)s, %(expires_at)s)

-- name: session_user
SELECT u.id, u.email, u.role, u.created_at, u.last_login_at, u.revoked_at
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.session_hash = %(session_hash)s AND s.ended_at IS NULL AND s.expires_at > %(at)s AND u.revoked_at IS NULL

-- name: end_session
UPDATE sessions SET ended_at = now() WHERE session_hash = %(session_hash)s AND ended_at IS NULL

-- name: add_token
INSERT INTO api_tokens (id, name, scope, token_hash, user_id, created_at)
VALUES (%(id)s, %(name)s, %(scope)s, %(token_hash)s, %(user_id)s, %(at)s)
RETURNING id, name, scope, user_id, created_at, last_used_at

-- name: use_token
UPDATE api_tokens SET last_used_at = %(at)s WHERE token_hash = %(token_hash)s
RETURNING id, name, scope, user_id, created_at, last_used_at

-- name: tokens
SELECT id, name, scope, user_id, created_at, last_used_at FROM api_tokens ORDER BY name

-- name: delete_token
DELETE FROM api_tokens WHERE id = %(id)s RETURNING id
