"""What the measurements share. Each module with a `main` is a process of its own."""
