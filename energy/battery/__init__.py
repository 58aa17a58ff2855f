"""The bank: its calibration curve, its rest voltage, and what is learned of the site."""
