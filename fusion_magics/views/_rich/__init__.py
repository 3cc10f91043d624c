"""Markdown as safe HTML: how it is read, drawn, sanitised, and attributed to its sources."""
