"""What buyers see: signing in, consent, their wallet, connected apps, orders."""
