"""The outside world: one folder per vendor with the same file names (client, payloads, mapping,
adapter).

``client`` speaks HTTP, ``payloads`` reads the vendor's JSON leniently, ``mapping`` turns it into
our records with our signs, ``adapter`` implements the port. Vendors don't know each other; what all
of them need lies beside the folders.
"""
