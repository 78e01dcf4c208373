"""Work that staff start and that takes a while: exports, imports, bulk actions."""
