"""The folder the build hook fills with network files; `backchannel.perception.networks` reads them."""
