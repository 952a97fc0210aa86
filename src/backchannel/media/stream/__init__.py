"""Turn the chunks of a stream into segments that can be decoded independently. Sans-IO."""
