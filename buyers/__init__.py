"""The buyer's own wallet, and an OAuth API for partners."""
