"""Tones as sound files: 16-bit PCM, one channel. Pure: the same tones are the same bytes.

Source: RIFF WAVE, "fmt " chunk of 16 bytes for WAVE_FORMAT_PCM.
"""

import math
import struct
from collections.abc import Iterable, Iterator
from typing import Final

from edge.sounds.table import Tone

RATE: Final = 22_050  # samples a second
LOUDNESS: Final = 0.5
EDGE_MS: Final = 5  # each tone swells and fades, or the loudspeaker clicks
PCM: Final = 1
SAMPLE_BYTES: Final = 2
LOUDEST: Final = 32_767


def wave(tones: Iterable[Tone]) -> bytes:
    """Return a whole .wav file of these tones, one after the other."""
    samples = [sample for tone in tones for sample in _samples(*tone)]
    body = struct.pack(f"<{len(samples)}h", *samples)
    form = struct.pack("<HHIIHH", PCM, 1, RATE, RATE * SAMPLE_BYTES, SAMPLE_BYTES, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _samples(hertz: int, milliseconds: int) -> Iterator[int]:
    count, edge = RATE * milliseconds // 1000, max(1, RATE * EDGE_MS // 1000)
    for at in range(count):
        swell = min(1.0, at / edge, (count - 1 - at) / edge)
        height = math.sin(2 * math.pi * hertz * at / RATE) if hertz else 0.0
        yield round(LOUDEST * LOUDNESS * swell * height)
