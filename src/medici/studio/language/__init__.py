"""Words: titles, statements, prompts and concepts, from templates, local models or endpoints."""
