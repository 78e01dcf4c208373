"""People who sign in: staff, later members and buyers."""
