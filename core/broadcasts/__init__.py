"""One text to many customers: whom it is for, how many that is, and sending it at a pace that keeps the sender safe."""
