"""Help pages and announcements: texts in versions, written by one person and published by another."""
