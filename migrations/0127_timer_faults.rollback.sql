DROP TABLE timer_faults;
