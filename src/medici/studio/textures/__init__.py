"""Textures: seamless at any size, rendered exactly, with height, normal and roughness maps."""
