"""PINs of supervisors: kept as a scrypt hash (RFC 7914), never as digits."""

import base64
import hashlib
import hmac
from typing import Final

DIGITS_MIN: Final = 4
DIGITS_MAX: Final = 8
SALT_BYTES: Final = 16

_SCHEME: Final = "scrypt"
_LOG_N: Final = 14
_R: Final = 8
_P: Final = 1
_HASH_BYTES: Final = 32
_LOG_N_MAX: Final = 16  # 64 MiB; a station must not be stopped by a line of its own configuration


def hashed(digits: str, salt: bytes) -> str:
    """Return `scrypt:14:8:1:<salt>:<hash>`. Raises ValueError unless it is 4 to 8 digits."""
    if not (digits.isascii() and digits.isdigit() and DIGITS_MIN <= len(digits) <= DIGITS_MAX):
        raise ValueError(f"a PIN is {DIGITS_MIN} to {DIGITS_MAX} digits")
    key = _derived(digits, salt, _LOG_N, r=_R, p=_P)
    parts = (base64.b64encode(each).decode("ascii") for each in (salt, key))
    return ":".join((_SCHEME, str(_LOG_N), str(_R), str(_P), *parts))


def is_well_formed(stored: str) -> bool:
    """Return whether a configured hash can be compared with."""
    return _parts(stored) is not None


def matches(stored: str, digits: str) -> bool:
    """Return whether these digits are the PIN; takes about 40 ms by design. Never raises."""
    parts = _parts(stored)
    if parts is None:
        return False
    log_n, r, p, salt, key = parts
    return hmac.compare_digest(_derived(digits, salt, log_n, r=r, p=p), key)


def _derived(digits: str, salt: bytes, log_n: int, *, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        digits.encode("utf-8"),
        salt=salt,
        n=1 << log_n,
        r=r,
        p=p,
        maxmem=256 * r * (1 << log_n),
        dklen=_HASH_BYTES,
    )


def _parts(stored: str) -> tuple[int, int, int, bytes, bytes] | None:
    try:
        scheme, log_n, r, p, salt, key = stored.split(":")
        cost = (int(log_n), int(r), int(p))
        read = base64.b64decode(salt, validate=True), base64.b64decode(key, validate=True)
    except ValueError:  # binascii.Error is one
        return None
    is_known = scheme == _SCHEME and 1 <= cost[0] <= _LOG_N_MAX and cost[1:] == (_R, _P)
    return (*cost, *read) if is_known and len(read[1]) == _HASH_BYTES and read[0] else None
