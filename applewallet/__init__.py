"""Apple Wallet: signed packages (.pkpass and .order), the devices that hold them, and the pushes that wake these."""
