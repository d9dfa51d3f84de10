"""The exact renderer: generators in integers, the same bits on every machine."""
