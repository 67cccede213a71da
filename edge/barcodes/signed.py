"""Station labels: four check characters that only this site's key can make."""

import hmac
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I L O U
CHECK_CHARS: Final = 4


def signed(body: str, key: bytes) -> str:
    """Return the label's text: `body` as given (e.g. `RX-UNDO`) and its check part."""
    mac = hmac.digest(key, body.encode("ascii"), "sha256")
    return f"{body}-{''.join(ALPHABET[b & 31] for b in mac[:CHECK_CHARS])}"


def verify(text: str, keys: tuple[bytes, ...]) -> str | None:
    """Return the upper-cased body of a genuine label, None for any other text.

    Current and previous keys count alike; each comparison takes constant time.
    """
    body = text.upper()[: -CHECK_CHARS - 1]
    if not text.isascii() or not body:
        return None
    printed = text.upper().encode("ascii")
    return body if any(_is_of(body, printed, key) for key in keys) else None


def _is_of(body: str, printed: bytes, key: bytes) -> bool:
    return hmac.compare_digest(signed(body, key).encode("ascii"), printed)
