"""Sans-io codecs of the hardware wires: bytes in, values out; no clock, no library, no I/O."""
