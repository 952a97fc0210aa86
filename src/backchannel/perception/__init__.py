"""Pictures and sound to tracks: numbers per frame. The only room that knows OpenVINO."""
