"""The dashboard: pages for people, drawn on the server, about the application they are in."""
