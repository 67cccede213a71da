"""Text that a scanner typed into the screen while the console's layout was ЙЦУКЕН, mapped back.

By the place of the keys (GOST 6431, as PC keyboards have it), and only when every character is one
that this layout gives: a text of both alphabets is left as it is.
"""

from typing import Final

_ALONE: Final = ("ёйцукенгшщзхъфывапролджэячсмитьбю.", "`qwertyuiop[]asdfghjkl;'zxcvbnm,./")
_SHIFTED: Final = ("ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,", '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?')
_SIGNS: Final = ('"№;:?/', "@#$^&|")
_SAME: Final = "0123456789-=_+!%*()\\ "

_BACK: Final = {
    **dict(zip(*_ALONE, strict=True)),
    **dict(zip(*_SHIFTED, strict=True)),
    **dict(zip(*_SIGNS, strict=True)),
    **dict(zip(_SAME, _SAME, strict=True)),
}


def restored(text: str) -> str | None:
    """Return what was scanned, None for a text that was not typed under that layout."""
    if not any("Ѐ" <= sign <= "ӿ" for sign in text):
        return None
    found = [_BACK.get(sign) for sign in text]
    return None if None in found else "".join(sign for sign in found if sign is not None)
