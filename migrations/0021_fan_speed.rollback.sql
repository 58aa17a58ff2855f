ALTER TABLE load_samples DROP COLUMN speed;
DELETE FROM newest_values WHERE metric = 'speed';
