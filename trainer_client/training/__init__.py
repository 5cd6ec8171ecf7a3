"""What the stages share and needs torch, transformers and TRL (the extra `train`)."""
