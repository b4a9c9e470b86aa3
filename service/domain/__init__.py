"""What the service talks about: articles, events, readers, filters. Values only, no IO."""
