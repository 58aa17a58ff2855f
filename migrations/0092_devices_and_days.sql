-- One list of everything that is measured, with who reads it; and how a day's partition is attached:
-- bounds of partitions can't be parameters of a statement.

CREATE VIEW metered_devices AS
SELECT d.id, d.system_id, 'battery' AS kind, a.name AS source, a.link
FROM battery_packs d JOIN adapters a ON a.id = d.adapter_id
UNION ALL
SELECT d.id, d.system_id, 'energy', a.name, a.link
FROM inverters d JOIN adapters a ON a.id = d.adapter_id
UNION ALL
SELECT d.id, d.system_id, 'load', a.name, a.link
FROM controlled_loads d JOIN adapters a ON a.id = d.adapter_id
UNION ALL
SELECT z.id, z.system_id, 'zone', z.name, 'cloud'
FROM hvac_zones z;

CREATE FUNCTION attach_day(parent text, partition text, day_start timestamptz, day_end timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        parent, partition, day_start, day_end);
END $$;
