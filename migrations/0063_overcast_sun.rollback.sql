ALTER TABLE user_preferences DROP COLUMN overcast_sun_pct;
