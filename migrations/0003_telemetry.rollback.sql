DROP TABLE polls, system_daily_summary, battery_bank_hourly, system_hourly_energy, zone_samples,
    load_samples, battery_bank_samples, energy_samples;
