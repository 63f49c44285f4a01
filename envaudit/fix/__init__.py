"""Findings to a plan: which packages move, and the commands that move them."""
