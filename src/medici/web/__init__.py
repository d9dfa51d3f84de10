"""Shows: gallery, works with their proof, and verification by drop."""
