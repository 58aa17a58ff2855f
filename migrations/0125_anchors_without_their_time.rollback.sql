ALTER TABLE decision_anchors ADD COLUMN anchored_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE decision_anchors ALTER COLUMN anchored_at DROP DEFAULT;
