"""Drivers of the vendors' APIs: one folder per vendor with the same file names (client, payloads,
mapping, adapter).

``client`` speaks HTTP, ``payloads`` reads the vendor's JSON leniently, ``mapping`` turns it into
our records with our signs, ``adapter`` implements the port. Vendor folders do not import each
other; code that several need is in the modules beside them.
"""
