"""Drawings as vectors: level lines, fitted curves and layers, for every family that has them."""
