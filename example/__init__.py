"""An example of flask_analytics: a shop, and the destination of its events."""
