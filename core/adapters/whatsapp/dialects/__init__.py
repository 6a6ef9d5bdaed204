"""Ways of reaching WhatsApp besides the business's own gateway: one module each, one interface (docs/adr/0015)."""
