"""One file a trainer: its own request and answer over the same desk; a URL is all it needs."""
