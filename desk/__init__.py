"""Where staff see what there is to do: the dashboard, an order with its story, notes, saved filters."""
