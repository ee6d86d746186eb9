#!/bin/sh
# Installs Chromium from Debian's packages when the machine has none. Without the right to do so
# it says what to do; the browser tests then say that they were skipped.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "Installing Chromium for the browser tests ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
else
    echo "No Chromium found: install the package 'chromium' to run the browser tests." >&2
fi
