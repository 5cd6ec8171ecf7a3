"""Pure: text in, Verdict out. One file a kind; `registry` lists them."""
