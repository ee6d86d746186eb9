#!/bin/sh
# Installs the browsers of the tests from Debian's packages, each that the machine has not: Chromium,
# Firefox, and WebKitGTK with a screen to draw on; and a Redis. Without the right to do so it says what
# to do; the tests of that program then say that they were skipped.
has() {
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

wanted=
has chromium chromium-browser google-chrome || wanted="$wanted chromium"
has firefox-esr firefox || wanted="$wanted firefox-esr"
has WebKitWebDriver || wanted="$wanted webkit2gtk-driver"
has Xvfb || wanted="$wanted xvfb"
has redis-server || wanted="$wanted redis-server"
[ -z "$wanted" ] && exit 0

if has apt-get && [ "$(id -u)" = 0 ]; then
    echo "Installing for the tests:$wanted ..."
    apt-get update -qq
    # One by one: one that cannot be had leaves the others.
    for package in $wanted; do
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null 2>&1 ||
            echo "Cannot install '$package': its tests are skipped." >&2
    done
else
    echo "Not found, so some tests are skipped; install the packages:$wanted" >&2
fi
