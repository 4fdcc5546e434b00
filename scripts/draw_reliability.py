"""Draw how often a kind was right against how sure triage was of it, over the held halves, into docs/images/reliability.svg.

`python scripts/draw_reliability.py`. Every dot is a bin of texts, as large as it has texts; on the line, sureness and truth agree.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.reading import Bin, read_corpus, score_calibration

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "reliability.svg"
SIZE, EDGE = 320, 48
"""Pixels of a side of the square, and of the room around it."""


def main() -> None:
    """Measure and draw."""
    brier, table = score_calibration([row for row in read_corpus() if row.split == "held"])
    PICTURE.write_text(draw(brier, table), encoding="utf-8")
    for one in table:
        print(f"{one.confidence:.2f} said, {one.right:.2f} right, {one.texts} texts")
    print(f"Brier {brier:.3f}; {PICTURE.relative_to(ROOT)}")


def draw(brier: float, table: Sequence[Bin]) -> str:
    """The picture as SVG, of a Brier score and a reliability table. The same figures give the same picture."""
    most = max(one.texts for one in table)
    whole = SIZE + 2 * EDGE
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" role="img" font-family="sans-serif" font-size="12">',
        f"<title>How sure triage was of the kind, and how often it was right: Brier score {brier:.3f}</title>",
        f'<rect width="{whole}" height="{whole}" fill="#fff"/>',
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#999" stroke-dasharray="4 4"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        lines.append(f'<text x="{_x(tick)}" y="{_y(0) + 18}" text-anchor="middle">{tick:g}</text>')
        lines.append(f'<text x="{_x(0) - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>')
    lines.append(f'<rect x="{EDGE}" y="{EDGE}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#444"/>')
    for one in table:
        radius = 3 + 9 * (one.texts / most) ** 0.5
        lines.append(
            f'<circle cx="{_x(one.confidence)}" cy="{_y(one.right)}" r="{radius:.1f}" fill="#0b6e6e" fill-opacity="0.7">'
            f"<title>{one.texts} texts: {one.confidence:.2f} sure, {one.right:.2f} right</title></circle>"
        )
    lines.append(f'<text x="{whole / 2:g}" y="{whole - 8}" text-anchor="middle">how sure it was</text>')
    lines.append(
        f'<text transform="translate(14 {whole / 2:g}) rotate(-90)" text-anchor="middle">how often it was right</text>'
    )
    lines.append("</svg>")
    return "\n".join(lines) + "\n"


def _x(share: float) -> float:
    return round(EDGE + share * SIZE, 1)


def _y(share: float) -> float:
    return round(EDGE + (1 - share) * SIZE, 1)


if __name__ == "__main__":
    main()
