"""Redis or Valkey: articles, readers, the article log, popularity."""
