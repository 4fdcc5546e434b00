"""Write what is generated from code: `.env.example` and `docs/settings.md`. A test fails when they are not what this would write."""

from __future__ import annotations

from pathlib import Path

from app.settings import env_example, settings_page

ROOT = Path(__file__).parents[1]

if __name__ == "__main__":
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    (ROOT / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8")
    print("wrote .env.example and docs/settings.md")
