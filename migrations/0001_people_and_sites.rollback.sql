DROP TABLE controlled_loads, meters, battery_cells, batteries, battery_pack_adapters,
    battery_packs, inverters, adapters, adapter_base, battery_array_attachments, battery_arrays,
    arrays, systems, api_tokens, sessions, login_links, users;
DROP FUNCTION touch_updated_at();
