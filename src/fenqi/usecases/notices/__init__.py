"""What customers are told by text message."""
