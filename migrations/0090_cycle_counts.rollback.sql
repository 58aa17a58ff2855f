DROP TABLE cycle_counts;
