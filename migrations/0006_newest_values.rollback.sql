DROP TABLE newest_values;
