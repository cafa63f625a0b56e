"""What is seen: pure functions from a recorded run and a stage number to HTML and SVG strings."""
