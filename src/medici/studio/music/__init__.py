"""Music: four-voice works as sound, notes and pictures, drawn exactly from an integer model."""
