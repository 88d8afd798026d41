"""contribaudit: what an Atlassian organization contributes, where its data lives, and the proof."""

__version__ = "0.1.0"
