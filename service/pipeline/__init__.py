"""What the product does, as plain code over ports. Start reading at ``recommend``."""
