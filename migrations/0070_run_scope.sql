-- What whoever asked a question may do: the answer's tools can do no more.

ALTER TABLE runs ADD COLUMN scope text NOT NULL DEFAULT 'read'
    CHECK (scope IN ('read', 'control', 'admin'));
ALTER TABLE runs ALTER COLUMN scope DROP DEFAULT;
COMMENT ON COLUMN runs.scope IS 'The smaller of the role and the token''s scope when it was asked.';
