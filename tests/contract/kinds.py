"""The destinations that the contract is for.

A destination is tested by everything once it is in ``KINDS``. Beside it belong
``golden/NAME.json`` (what ``events.everything()`` becomes) and ``schemas/NAME.json`` (what the
destination's own documentation says of a request, as JSON Schema).
"""

from __future__ import annotations

from .to_amplitude import AMPLITUDE
from .to_ga4 import GA4
from .to_matomo import MATOMO
from .to_mixpanel import MIXPANEL
from .to_plausible import PLAUSIBLE
from .to_posthog import POSTHOG
from .to_segment import SEGMENT
from .to_umami import UMAMI
from .to_webhook import WEBHOOK

KINDS = [
    AMPLITUDE,
    GA4,
    MATOMO,
    MIXPANEL,
    PLAUSIBLE,
    POSTHOG,
    SEGMENT,
    UMAMI,
    WEBHOOK,
]
