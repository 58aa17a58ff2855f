-- Conversations, messages, runs and their events.

-- name: conversations
SELECT id, system_id, user_id, title, created_at, updated_at
FROM conversations WHERE user_id = %(user_id)s ORDER BY updated_at DESC, id DESC LIMIT %(limit)s

-- name: conversation
SELECT id, system_id, user_id, title, created_at, updated_at
FROM conversations WHERE id = %(id)s

-- name: save_conversation
INSERT INTO conversations (id, system_id, user_id, title, created_at, updated_at)
VALUES (%(id)s, %(system_id)s, %(user_id)s, %(title)s, %(created_at)s, %(updated_at)s)
ON CONFLICT (id) DO UPDATE SET title = excluded.title, updated_at = excluded.updated_at

-- name: delete_conversation
DELETE FROM conversations WHERE id = %(id)s RETURNING id

-- name: messages
-- In the order in which they were written, whatever the clock said.
SELECT id, conversation_id, role, content, created_at, agent, run_id, status, meta
FROM messages WHERE conversation_id = %(conversation_id)s ORDER BY position

-- name: save_message
INSERT INTO messages (id, conversation_id, role, content, created_at, agent, run_id, status, meta)
VALUES (%(id)s, %(conversation_id)s, %(role)s, %(content)s, %(created_at)s, %(agent)s,
    %(run_id)s, %(status)s, %(meta)s)
ON CONFLICT (id) DO UPDATE SET
    content = excluded.content, agent = excluded.agent, run_id = excluded.run_id,
    status = excluded.status, meta = excluded.meta

-- name: save_run
INSERT INTO runs (id, conversation_id, message_id, user_id, system_id, question, agent, scope,
    status, created_at, finished_at)
VALUES (%(id)s, %(conversation_id)s, %(message_id)s, %(user_id)s, %(system_id)s, %(question)s,
    %(agent)s, %(scope)s, %(status)s, %(created_at)s, %(finished_at)s)
ON CONFLICT (id) DO UPDATE SET
    agent = excluded.agent, status = excluded.status, finished_at = excluded.finished_at

-- name: run
SELECT id, conversation_id, message_id, user_id, system_id, question, agent, scope, status,
    created_at, finished_at
FROM runs WHERE id = %(id)s

-- name: runs_with_status
SELECT id, conversation_id, message_id, user_id, system_id, question, agent, scope, status,
    created_at, finished_at
FROM runs WHERE status = %(status)s ORDER BY created_at, id

-- name: append_event
INSERT INTO agent_events (run_id, seq, event, data, at)
VALUES (%(run_id)s, %(seq)s, %(event)s, %(data)s, %(at)s)
ON CONFLICT (run_id, seq) DO NOTHING

-- name: events
SELECT run_id, seq, event, data, at
FROM agent_events WHERE run_id = %(run_id)s AND seq > %(after)s ORDER BY seq
