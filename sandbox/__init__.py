"""Stand-ins for the outside world: they speak the real protocols on loopback and know nothing of Loket."""
