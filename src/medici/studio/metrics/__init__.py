"""How good a generator is, honestly: figures beside a floor and controls."""
