"""Find a person's e-mail addresses in texts that the site keeps, and in no longer address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

#: What stands before an address is no part of a longer one (joann@, o'ann@, j.ann@ for ann@). The
#: letter of an escape is no part of it either: in JSON, a line may begin with ``\nann@``.
_BEFORE = r"(?:(?<![\w.+-])(?<!\w')|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4}))"
#: Nor does it go on, with ``.uk`` for example. A sentence may end behind it.
_AFTER = r"(?![\w-])(?!\.\w)"


def compile_mentions(addresses: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern that matches each of ``addresses`` as a whole, in plain text and in JSON."""
    alternatives = "|".join("".join(map(_spelt, address)) for address in addresses)
    return re.compile(f"{_BEFORE}(?:{alternatives}){_AFTER}", re.IGNORECASE)


def _spelt(character: str) -> str:
    """Return a pattern of all that a character may be in JSON, which may be within JSON itself."""
    spellings = {re.escape(character)}
    for one in (character.lower(), character.upper()):
        escaped = json.dumps(one)[1:-1]
        if escaped != one:
            spellings.add(r"\\+" + re.escape(escaped.lstrip("\\")))
    return f"(?:{'|'.join(sorted(spellings))})"
