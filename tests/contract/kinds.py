"""The destinations that the contract is for.

A destination is tested by everything once it is in ``KINDS``. Beside it belong
``golden/NAME.json`` (what ``events.everything()`` becomes) and ``schemas/NAME.json`` (what the
destination's own documentation says of a request, as JSON Schema).
"""

from __future__ import annotations

from .to_ga4 import GA4
from .to_plausible import PLAUSIBLE
from .to_segment import SEGMENT
from .to_umami import UMAMI
from .to_webhook import WEBHOOK

KINDS = [
    GA4,
    PLAUSIBLE,
    SEGMENT,
    UMAMI,
    WEBHOOK,
]
