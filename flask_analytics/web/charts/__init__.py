"""Charts: values in, SVG out. Pure functions; what is text is escaped, what is style is a class."""
