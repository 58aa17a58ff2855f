-- Nothing reads when decisions were dropped.

ALTER TABLE decision_anchors DROP COLUMN anchored_at;
