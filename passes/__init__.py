"""What is sold: coupons, and passes, the issued copies with their QR codes."""
