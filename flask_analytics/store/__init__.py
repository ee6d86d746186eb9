"""Where events are kept, and what answers questions about them."""
