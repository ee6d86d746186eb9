"""Histories from files: one format a module, one loop for all (``importer``)."""
