-- What was stored small can't be read by the version before: it goes. Older decisions stay.
DROP TRIGGER decisions_append_only ON decisions;
DELETE FROM decisions WHERE body IS NOT NULL;
CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP TABLE decision_anchors;
ALTER TABLE decisions
    DROP CONSTRAINT decisions_settings,
    DROP CONSTRAINT decisions_one_form,
    DROP COLUMN body,
    DROP COLUMN settings_hash,
    ALTER COLUMN document SET NOT NULL;
COMMENT ON COLUMN decisions.document IS 'Canonical JSON, as it was hashed.';
DROP TABLE decision_settings;
DROP FUNCTION refuse_decision_change();
