"""The control loop: cycles, stored decisions, what-if, emergency stop."""
