DROP TABLE job_runs, emergency_stops, action_events, actions, decisions, site_memory;
DROP FUNCTION refuse_change();
