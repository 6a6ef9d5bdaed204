"""What links lead to without a login: files lent to a gateway, bills to pay, receipts to verify."""
