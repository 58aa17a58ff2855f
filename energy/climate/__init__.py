"""The climate of each zone: fan, heating, and no charging of a frozen battery."""
