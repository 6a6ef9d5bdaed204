"""Companies that collect bills for us: inquiry, payment, status, their deposit, and what they are told (bill-partner contract)."""
