"""Papers: bills and receipts as PDF, and whether a receipt that somebody shows is genuine."""
