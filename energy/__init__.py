"""The pure domain: site, measuring, battery, sun, allocator, climate, safety, energy, alerts.

Standard library only. Nothing here does I/O, reads a clock, draws a random number or logs: plain
values in, plain values out, so that the control loop, the what-if page, the chat, the replay and
the tests call the same functions.
"""
