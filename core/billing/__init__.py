"""What is owed and paid: invoices, payment codes, settlement, the ledger."""
