"""What the catalogue tells its callers."""

from __future__ import annotations

from msgspec import Struct


class Region(Struct, frozen=True):
    id: int
    name: str


class PlanCategory(Struct, frozen=True):
    id: int
    name: str


class Plan(Struct, frozen=True):
    """A plan on sale; `price` is rupiah a month."""

    id: int
    region_id: int
    name: str
    description: str
    price: int
    category: PlanCategory
