ALTER TABLE actions DROP COLUMN previous_speed;
