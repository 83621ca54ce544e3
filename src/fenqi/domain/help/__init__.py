"""Texts for customers: a small markup without HTML, and how they are searched. Pure."""
