"""Everything that links of ours lead to."""

from __future__ import annotations

from api.papers import files, pages, pay, verify

BLUEPRINTS = (pages.blueprint, files.blueprint, pay.blueprint, verify.blueprint)
