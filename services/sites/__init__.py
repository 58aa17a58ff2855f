"""Systems, adapters and controlled loads: records and ports."""
