"""SolArk's cloud (MySolArk): the inverter's powers, refreshed about every five minutes."""
