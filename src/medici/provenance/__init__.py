"""Proves: generation records, model signatures, Content Credentials, fingerprints, anchors."""
