"""The verbs: watch, fan out, remind, deliver. They take ports and know no vendor."""
