"""Sells: auctions and the money that comes of them."""
