"""gunicorn's settings where the master itself is patched: gevent's own advice for --preload."""

from gevent import monkey

monkey.patch_all()
