"""News, impressions and texts, as their files state them."""
