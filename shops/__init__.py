"""Tenants and their people: brands, staff, members, points, API tokens."""
