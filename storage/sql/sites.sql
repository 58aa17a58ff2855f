-- Systems with their adapters, loads and devices.

-- name: systems
SELECT id, name, owner_id, timezone, latitude, longitude, simulated, pv_arrays FROM systems ORDER BY name, id

-- name: system
SELECT id, name, owner_id, timezone, latitude, longitude, simulated, pv_arrays FROM systems WHERE id = %(id)s

-- name: save_system
INSERT INTO systems (id, name, owner_id, timezone, latitude, longitude, simulated, pv_arrays)
VALUES (%(id)s, %(name)s, %(owner_id)s, %(timezone)s, %(latitude)s, %(longitude)s, %(simulated)s,
    %(pv_arrays)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, owner_id = excluded.owner_id,
    timezone = excluded.timezone, latitude = excluded.latitude, longitude = excluded.longitude,
    simulated = excluded.simulated, pv_arrays = excluded.pv_arrays

-- name: adapters
SELECT id, system_id, adapter_type, name, settings, secrets, poll_interval_s, link, enabled,
    identity
FROM adapters WHERE system_id = %(system_id)s ORDER BY name, id

-- name: save_adapter
-- A new base URL clears the stored identity of the device; any other change keeps it.
INSERT INTO adapters (id, system_id, adapter_type, name, settings, secrets, poll_interval_s, link,
    enabled, identity)
VALUES (%(id)s, %(system_id)s, %(adapter_type)s, %(name)s, %(settings)s, %(secrets)s,
    %(poll_interval_s)s, %(link)s, %(enabled)s, %(identity)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings,
    secrets = excluded.secrets, poll_interval_s = excluded.poll_interval_s, link = excluded.link,
    enabled = excluded.enabled,
    identity = CASE
        WHEN adapters.settings ->> 'base_url' IS DISTINCT FROM excluded.settings ->> 'base_url'
        THEN NULL ELSE coalesce(adapters.identity, excluded.identity) END

-- name: remember_identity
UPDATE adapters SET identity = %(identity)s WHERE id = %(id)s AND identity IS NULL

-- name: loads
SELECT id, system_id, adapter_id, name, kind, channel, rated_w, has_meter, has_timer
FROM controlled_loads WHERE system_id = %(system_id)s ORDER BY name, id

-- name: load_of_channel
-- Another load that the same relay switches, and the name of its adapter.
SELECT l.name, a.name AS adapter
FROM controlled_loads l JOIN adapters a ON a.id = l.adapter_id
WHERE l.adapter_id = %(adapter_id)s AND l.channel = %(channel)s AND l.id <> %(id)s

-- name: save_load
INSERT INTO controlled_loads (id, system_id, adapter_id, name, kind, channel, rated_w, has_meter,
    has_timer)
VALUES (%(id)s, %(system_id)s, %(adapter_id)s, %(name)s, %(kind)s, %(channel)s, %(rated_w)s,
    %(has_meter)s, %(has_timer)s)
ON CONFLICT (id) DO UPDATE SET adapter_id = excluded.adapter_id, name = excluded.name,
    kind = excluded.kind, channel = excluded.channel, rated_w = excluded.rated_w,
    has_meter = excluded.has_meter, has_timer = excluded.has_timer

-- name: devices
SELECT id, 'inverter' AS kind, name, adapter_id, external_id
FROM inverters WHERE system_id = %(system_id)s
UNION ALL
SELECT id, 'battery_pack', name, adapter_id, external_id
FROM battery_packs WHERE system_id = %(system_id)s
ORDER BY kind, name, id

-- name: add_array
INSERT INTO arrays (id, system_id, name) VALUES (%(array_id)s, %(system_id)s, 'Array')
ON CONFLICT DO NOTHING

-- name: save_inverter
INSERT INTO inverters (id, system_id, array_id, adapter_id, name, external_id)
VALUES (%(id)s, %(system_id)s, %(array_id)s, %(adapter_id)s, %(name)s, %(external_id)s)
ON CONFLICT (id) DO UPDATE SET adapter_id = excluded.adapter_id, name = excluded.name,
    external_id = excluded.external_id

-- name: add_battery_array
INSERT INTO battery_arrays (id, system_id, name)
VALUES (%(array_id)s, %(system_id)s, 'Battery array')
ON CONFLICT DO NOTHING

-- name: save_battery_pack
INSERT INTO battery_packs (id, system_id, battery_array_id, adapter_id, name, external_id)
VALUES (%(id)s, %(system_id)s, %(array_id)s, %(adapter_id)s, %(name)s, %(external_id)s)
ON CONFLICT (id) DO UPDATE SET adapter_id = excluded.adapter_id, name = excluded.name,
    external_id = excluded.external_id

-- name: vendor_pause
SELECT asked_at, until FROM vendor_pauses WHERE adapter_id = %(adapter_id)s

-- name: keep_vendor_pause
-- Nothing is kept for an adapter that was removed meanwhile.
INSERT INTO vendor_pauses (adapter_id, asked_at, until)
SELECT id, %(asked_at)s, %(until)s FROM adapters WHERE id = %(adapter_id)s
ON CONFLICT (adapter_id) DO UPDATE SET asked_at = excluded.asked_at, until = excluded.until
