-- Decisions are stored small (settings by reference, the rest compressed) and kept for a time.

CREATE TABLE decision_settings (
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    hash text NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (system_id, hash)
);
COMMENT ON TABLE decision_settings IS
    'The preferences and miner profiles that decisions were made with, once per change.';

ALTER TABLE decisions
    ALTER COLUMN document DROP NOT NULL,
    ADD COLUMN settings_hash text,
    ADD COLUMN body bytea,
    ADD CONSTRAINT decisions_one_form CHECK ((document IS NULL) = (body IS NOT NULL)),
    ADD CONSTRAINT decisions_settings FOREIGN KEY (system_id, settings_hash)
        REFERENCES decision_settings (system_id, hash);
ALTER TABLE decisions ALTER COLUMN body SET STORAGE EXTERNAL;
COMMENT ON COLUMN decisions.document IS 'Canonical JSON as it was hashed: decisions before 0050.';
COMMENT ON COLUMN decisions.body IS
    'Compressed canonical JSON without the settings; with them it is what was hashed.';

CREATE TABLE decision_anchors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_id uuid NOT NULL REFERENCES systems ON DELETE CASCADE,
    at timestamptz NOT NULL,
    hash text NOT NULL,
    dropped bigint NOT NULL CHECK (dropped > 0),
    intact boolean NOT NULL,
    anchored_at timestamptz NOT NULL
);
CREATE INDEX decision_anchors_latest ON decision_anchors (system_id, id DESC);
COMMENT ON TABLE decision_anchors IS
    'Where the chain goes on after old decisions were dropped: the last one''s time and hash, how many went, and whether '
    'their chain was whole.';

CREATE FUNCTION refuse_decision_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1 THEN
        RETURN OLD; -- the whole system goes
    END IF;
    IF TG_OP = 'DELETE' AND current_setting('commandcenter.retention', true) = 'on' THEN
        RETURN OLD; -- an anchor stands for it
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER decisions_append_only ON decisions;
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_decision_change();
CREATE TRIGGER decision_anchors_append_only BEFORE UPDATE OR DELETE ON decision_anchors
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
