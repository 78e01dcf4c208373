"""Of the desk."""
