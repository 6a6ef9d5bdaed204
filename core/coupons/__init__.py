"""Coupons: discounts that staff hand out by code."""
