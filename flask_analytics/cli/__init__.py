"""``flask analytics ...``: ask, bring in, take out and look after, in a terminal.

Registered on ``app.cli``, so that every application with Analytics has it.
"""

from .door import install as install
