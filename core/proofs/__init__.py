"""Proofs of payment: a picture from a customer, looked at by staff, who confirm it or say why not."""
