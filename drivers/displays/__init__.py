"""Screens that show called numbers and notices."""
