"""The questions and their answers, as values. Each module defines one metric, exactly."""
