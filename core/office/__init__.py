"""What staff do for a customer from chat: find them, close and open their line, answer their reports."""
