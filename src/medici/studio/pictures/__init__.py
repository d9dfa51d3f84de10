"""The picture family: palette pictures from 16 pixels a side up."""
