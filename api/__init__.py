"""The HTTP face: decodes requests, calls one use case each, encodes answers."""
