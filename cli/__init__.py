"""The command line: the composition of everything, and the only place that sees it all."""
