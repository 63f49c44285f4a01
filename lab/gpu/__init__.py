"""What only a machine with an NVIDIA GPU shows: its snapshot, texts of real failures, rules about CUDA."""
