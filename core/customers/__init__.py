"""Who we serve: customers, how to reach them, what is known and verified about them."""
