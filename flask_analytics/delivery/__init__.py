"""Delivery: from an accepted event to a verdict of each collector, off the request path."""
