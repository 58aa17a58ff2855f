-- Until when a vendor wants no further request (Retry-After), for polls and commands of every process.

CREATE TABLE vendor_pauses (
    adapter_id uuid PRIMARY KEY REFERENCES adapters ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    until timestamptz NOT NULL
);
COMMENT ON TABLE vendor_pauses IS 'The newest pause of each adapter; one that is over stays until the next.';
