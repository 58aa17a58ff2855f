DROP TABLE vendor_pauses;
