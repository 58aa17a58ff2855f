-- Decisions are read in the order in which they were decided: at every cycle, and whatever the clock said.

CREATE INDEX decisions_by_position ON decisions (system_id, position DESC);
