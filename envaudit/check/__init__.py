"""Requirement files against the matrix, before anything is installed: a package is a set of possible versions."""
