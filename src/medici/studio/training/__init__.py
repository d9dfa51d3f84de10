"""What every training run shares: budget, snapshots, curves, recovery. Needs PyTorch."""
