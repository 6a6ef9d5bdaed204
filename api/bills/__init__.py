"""The bill partners' dialect: inquiry, payment, status, and what they reconcile by (bill-partner contract)."""
