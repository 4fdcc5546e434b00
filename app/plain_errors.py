"""What goes wrong at the command line because of how it was set up, said in a sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from app.core.errors import NotConfigured, VigiaError
from app.core.keys import KeyProblem


@contextmanager
def told_plainly() -> Iterator[None]:
    """What goes wrong because of how it was set up is said in a sentence, without a traceback."""
    try:
        yield
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, p['loc']))} {p['msg']}".strip() for p in error.errors(include_input=False)]
        sys.exit("Settings: " + "; ".join(problems))
    except (NotConfigured, KeyProblem, VigiaError, FileNotFoundError) as error:
        sys.exit(str(error))
