"""Messages on their way to a chat: the outbox, deliveries and the ports of the channels that carry them."""
