"""The dialogue engine: declared steps, typed state, one message in, one answer out; it knows no channel and no topic."""
