"""One file a language; `registry` lists them."""
