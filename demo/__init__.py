"""A partner to receive the webhooks, and a stranger who walks through the main job."""
