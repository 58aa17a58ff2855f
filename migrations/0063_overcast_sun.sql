-- What an overcast day gives of a clear sky: aggressive loads use no more of the dark day's reserve than the next day brings
-- back even under clouds.

ALTER TABLE user_preferences
    ADD COLUMN overcast_sun_pct double precision NOT NULL DEFAULT 27
        CONSTRAINT preferences_overcast_sun CHECK (overcast_sun_pct BETWEEN 0 AND 100);
