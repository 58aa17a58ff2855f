-- What a poll that went well still warns of: a switch that comes on by itself, a part not had.

ALTER TABLE polls ADD COLUMN caution text;
