"""`alembic check` on a database of its own: the newest migration and the tables in code must agree."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from app.operations.embedded import EmbeddedPostgres
from app.operations.migrations import migrate, unmigrated_changes


def main() -> int:
    """Exit status 0 when they agree."""
    with tempfile.TemporaryDirectory(prefix="vigia-check-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres", forgetful=True)
        url = postgres.start()
        try:
            migrate(url)
            different = unmigrated_changes(url)
        finally:
            postgres.stop()
    print(different or "migrations and tables agree")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
