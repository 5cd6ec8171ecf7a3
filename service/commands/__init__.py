"""One file a command; each is imported only when it is the one that was asked for."""
