"""What is shown of an analysis, and how."""
