"""What the application serves for analytics: the browser module and its endpoint."""
