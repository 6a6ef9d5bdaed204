"""How Loket talks: understanding, dialogues and the engine that runs them."""
