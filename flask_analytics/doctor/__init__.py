"""What ``flask analytics doctor`` looks at: one check, one file, and for each finding its cure."""
