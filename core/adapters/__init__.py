"""Ports made real: one package per technology that talks to the outside world."""
