"""The commands of ``newsstand-train``, one file each. What they need is imported when they run."""
