"""A Zebra scanner's end of an SSI line, built from the vendor's packet layout alone.

Shares no code with the driver: a packet is length, opcode, source 0, status, data, and 16 bits that
bring the sum to nought.
"""

ACK = bytes.fromhex("04 D0 04 00 FF 28")
NAK_RESEND = bytes.fromhex("05 D1 04 00 01 FF 25")
SCAN_ENABLE = bytes.fromhex("04 E9 04 00 FF 0F")
EAN13, CODE128, DATAMATRIX, GS1_DATAMATRIX = 0x0B, 0x03, 0x1B, 0xC1
RESENT, CONTINUED = 1, 2
DECODE_DATA, EVENT, CMD_ACK = 0xF3, 0xF6, 0xD0


def packet(opcode: int, data: bytes = b"", status: int = 0) -> bytes:
    """Return one packet of the scanner."""
    total = 4 + len(data) + opcode + status + sum(data)
    return bytes((4 + len(data), opcode, 0, status)) + data + (65536 - total).to_bytes(2, "big")


def decoded(text: bytes, kind: int = CODE128, status: int = 0) -> bytes:
    """Return the packet of one code."""
    return packet(DECODE_DATA, bytes((kind,)) + text, status)


def in_parts(text: bytes, kind: int = CODE128, size: int = 250) -> list[bytes]:
    """Return the packets of a code that is too long for one."""
    parts = [text[start : start + size] for start in range(0, len(text), size)]
    last = len(parts) - 1
    return [decoded(part, kind, CONTINUED if n < last else 0) for n, part in enumerate(parts)]
