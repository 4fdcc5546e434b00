"""Find the ordinary words that would be taken for a misspelled place, for the list `caution.ordinary` of the pack's `places.toml`.

    python scripts/find_ordinary_words.py words_es.txt words_en.txt

Each file holds a language's commonest words, one a line, for example from PyPI `wordfreq` (Apache 2.0; its data CC BY-SA 4.0). Printed are
those that sound like a place where a place word stands before them or a place was asked for. A person reads them before they go in.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.places.gazetteer import Gazetteer
from app.places.locate import locate
from app.places.words import fold

SHORTEST = 4


def main(files: list[Path]) -> None:
    """Print the words, several a line."""
    gazetteer = Gazetteer.from_pack("us_nc")
    words = dict.fromkeys(fold(word) for file in files for word in file.read_text(encoding="utf-8").split())
    taken = [word for word in words if len(word) >= SHORTEST and word not in gazetteer.longest and _is_taken(word, gazetteer)]
    print(", ".join(taken))


def _is_taken(word: str, gazetteer: Gazetteer) -> bool:
    readings = (locate(f"hay migra en {word}", gazetteer), locate(word, gazetteer, answering=True))
    return any(piece.says.startswith("sounds like") for where in readings for piece in where.evidence)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(name) for name in sys.argv[1:]])
