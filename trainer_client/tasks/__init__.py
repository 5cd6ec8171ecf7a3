"""Problems to train on without any hub: made here, or read from files of known datasets."""
