"""The member's pages: the shop and its checkout. No models; everything goes through the services below it."""
