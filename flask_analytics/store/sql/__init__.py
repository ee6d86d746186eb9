"""Every question of ``metrics`` as SQL, for any engine that speaks one of the dialects."""
