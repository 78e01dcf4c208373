"""How Django itself writes dates where no text of ours does: the admin's columns and read-only fields.

The same as shops/speaking.py; tests/admin/test_speaking.py compares the two. What people type stays as Django reads it.
"""
