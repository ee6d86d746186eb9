"""Runs the suite in a process that gevent has patched: python tests/gevent_run.py [options]."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

import pytest  # noqa: E402

sys.exit(pytest.main(sys.argv[1:]))
