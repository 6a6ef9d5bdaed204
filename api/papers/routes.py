"""Everything that links of ours lead to."""

from __future__ import annotations

from api.papers import files

BLUEPRINTS = (files.blueprint,)
