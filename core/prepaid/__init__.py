"""Packages that are paid first and end by themselves: plans with a validity, recharges, vouchers, sales, balance."""
