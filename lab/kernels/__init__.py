"""Real Jupyter servers and real kernels that are killed in every way; `python -m lab.kernels` prints the table."""
