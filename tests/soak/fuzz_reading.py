"""A minute of texts that a fuzzer grows towards code not yet reached: triage and place give an answer to every one, and never raise.

    python -m tests.soak.fuzz_reading               # a minute
    python -m tests.soak.fuzz_reading --seconds 10

The fuzzer begins with the tuning half of the labelled texts. A text that raises, or takes longer than a second, ends the run with an error
and stays as a file in the folder that is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["app.triage", "app.places"]):
    from app.places.gazetteer import Gazetteer
    from app.places.locate import locate
    from app.triage.assess import assess
    from app.triage.lexicon import Lexicon

CORPORA = Path(__file__).parent.parent / "corpora"
LONGEST = 10_000
"""Bytes of the longest text that is tried."""
SLOWEST = 1
"""Seconds that one text may take, slowed down by the fuzzer's own measuring."""
LEXICON, GAZETTEER = Lexicon.from_pack("us_nc"), Gazetteer.from_pack("us_nc")


def read_once(given: bytes) -> None:
    """Read bytes as a text of any planes, both as UTF-8 and as two-byte code points, half surrogates among them."""
    for encoding in ("utf-8", "utf-16-le"):
        text = given.decode(encoding, errors="surrogatepass" if encoding == "utf-16-le" and len(given) % 2 == 0 else "replace")
        said = assess(text, LEXICON)
        assert 0.0 <= said.confidence <= 1.0
        locate(text, GAZETTEER)


def main() -> None:
    """Fuzz for a while; the fuzzer ends the process, with status 0 when every text had an answer."""
    asked = argparse.ArgumentParser(prog="python -m tests.soak.fuzz_reading", description=__doc__)
    asked.add_argument("--seconds", type=int, default=60)
    seconds = asked.parse_args().seconds
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    sys.stdout.write(f"texts that fail stay in {folder}\n")
    seeds = folder / "seeds"
    seeds.mkdir()
    for path in sorted(CORPORA.glob("texts_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["split"] == "tune":
                (seeds / row["id"]).write_text(row["text"], encoding="utf-8")
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}", "-rss_limit_mb=1024"]
    atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={folder}/", "-print_final_stats=1", str(seeds)], read_once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
