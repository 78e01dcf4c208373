"""Order-status webhooks: endpoints, events (the outbox), deliveries, calls."""
