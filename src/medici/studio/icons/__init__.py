"""Icons: one ink on a transparent ground, drawn in integers, traced to clean vectors."""
