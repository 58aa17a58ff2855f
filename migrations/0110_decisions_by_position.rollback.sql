DROP INDEX decisions_by_position;
