"""Diffusion models through `diffusers`: a small one of our own, and any pipeline of others."""
