"""The data room: pictures and other samples, read, checked, licensed and named."""
