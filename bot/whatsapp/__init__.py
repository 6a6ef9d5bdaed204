"""WhatsApp gateways: one module per dialect."""
