"""Bytes to pictures and sound: what a chunk is, and how it decodes. The only room that knows PyAV."""
