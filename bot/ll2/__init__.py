"""The door to Launch Library 2: fetch events within its request budget. Notices no change."""
