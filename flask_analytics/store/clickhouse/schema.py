"""The tables. What is told first of a thing, or last, is kept so by the engine's own merging.

``events`` is sorted for the questions: by name and day most of it is passed over, and a person's
events of a name lie together, which is what funnels and retention read. A second, hidden order by
message id (the projection) finds an event that comes again. ReplacingMergeTree makes one of two
equal events in the end; until then see ``keeping``.

Keys of people and of views are hashes of 128 bits: what is counted is counted exactly.

``told`` keeps nothing: its views hand each row on. So whatever a batch says of who is who arrives
by one insert.
"""

from __future__ import annotations

#: Days of a piece that is dropped as a whole by ``purge``; in microseconds.
PARTITION = 30 * 86400 * 10**6

_WORD = "LowCardinality(Nullable(String))"
_FEW = "SimpleAggregateFunction"

EVENTS = f"""CREATE TABLE IF NOT EXISTS events (
    message_id String CODEC(ZSTD(3)),
    ts Int64 CODEC(Delta, ZSTD(1)),
    name LowCardinality(String),
    type LowCardinality(String),
    source LowCardinality(String),
    bot Bool,
    echo_now UInt8,
    pending UInt128 CODEC(ZSTD(1)),
    who UInt128 CODEC(ZSTD(1)),
    anon UInt128 CODEC(ZSTD(1)),
    route {_WORD},
    path Nullable(String),
    method {_WORD},
    status Nullable(Int32),
    duration Nullable(Float64),
    hostname {_WORD},
    locale {_WORD},
    referrer {_WORD},
    origin {_WORD},
    medium {_WORD},
    campaign {_WORD},
    browser {_WORD},
    os {_WORD},
    device {_WORD},
    country {_WORD},
    group_id Nullable(String),
    amount Nullable(Decimal(38, 18)),
    currency {_WORD},
    engaged Nullable(Float64),
    properties JSON,
    body String CODEC(ZSTD(3)),
    PROJECTION by_id (SELECT message_id ORDER BY message_id)
) ENGINE = ReplacingMergeTree
PARTITION BY intDiv(ts, {PARTITION})
ORDER BY (name, intDiv(ts, 86400000000), who, ts, message_id)
SETTINGS deduplicate_merge_projection_mode = 'rebuild',
    lightweight_mutation_projection_mode = 'rebuild'"""

#: As ``facts.action`` has it; events from before it was a column tell it by their JSON.
ACTION = f"""ALTER TABLE events ADD COLUMN IF NOT EXISTS action_name {_WORD} DEFAULT
    multiIf(type = 'pageview', NULL, JSONExtractString(body, 'action_name') != '',
    JSONExtractString(body, 'action_name'), type = 'action', name, NULL) AFTER type"""

#: When an id was told last; 1970 for those of before it was a column.
TOLD_AT = (
    "ALTER TABLE people ADD COLUMN IF NOT EXISTS at DateTime",
    """ALTER TABLE told_people MODIFY QUERY
    SELECT key, kind, name AS id, now() AS at FROM told WHERE what = 'id'""",
)

TABLES = (
    EVENTS,
    """CREATE TABLE IF NOT EXISTS told (
        what LowCardinality(String), key UInt128, other UInt128, kind UInt8, name String,
        ts Int64, message String, value String, has_text UInt8, text String
    ) ENGINE = Null""",
    # Every id that an event named.
    """CREATE TABLE IF NOT EXISTS people (key UInt128, kind UInt8, id String)
    ENGINE = ReplacingMergeTree ORDER BY key""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_people TO people AS
    SELECT key, kind, name AS id FROM told WHERE what = 'id'""",
    # The first user that came together with an anonymous id.
    f"""CREATE TABLE IF NOT EXISTS links (anon UInt128,
        first {_FEW}(min, Tuple(ts Int64, message String, user UInt128))
    ) ENGINE = AggregatingMergeTree ORDER BY anon""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_links TO links AS
    SELECT key AS anon, CAST((ts, message, other),
        'Tuple(ts Int64, message String, user UInt128)') AS first
    FROM told WHERE what = 'link'""",
    # ``key`` and ``other`` are ``previous`` as a user id and as an anonymous id.
    """CREATE TABLE IF NOT EXISTS aliases (message String, ts Int64, previous String, user String,
        key UInt128, other UInt128) ENGINE = ReplacingMergeTree ORDER BY message""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_aliases TO aliases AS
    SELECT message, ts, value AS previous, name AS user, key, other
    FROM told WHERE what = 'alias'""",
    # What aliases come to, for each state of that table: see ``identity``.
    """CREATE TABLE IF NOT EXISTS stands (version UInt64, key UInt128, person UInt128,
        at DateTime DEFAULT now()) ENGINE = ReplacingMergeTree(at) ORDER BY (version, key)""",
    f"""CREATE TABLE IF NOT EXISTS traits (key UInt128, name String,
        latest {_FEW}(max, Tuple(ts Int64, message String, value String, has_text UInt8,
            text String))
    ) ENGINE = AggregatingMergeTree ORDER BY (name, key)""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_traits TO traits AS
    SELECT key, name, CAST((ts, message, value, has_text, text), 'Tuple(ts Int64, message String,
        value String, has_text UInt8, text String)') AS latest
    FROM told WHERE what = 'trait'""",
    # Page views that the server saw, and those of browsers that may be the same.
    f"""CREATE TABLE IF NOT EXISTS views (view UInt128, bot {_FEW}(min, UInt8))
    ENGINE = AggregatingMergeTree ORDER BY view""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_views TO views AS
    SELECT key AS view, kind AS bot FROM told WHERE what = 'view'""",
    """CREATE TABLE IF NOT EXISTS waiting (view UInt128, at DateTime DEFAULT now())
    ENGINE = ReplacingMergeTree(at) ORDER BY view""",
    """CREATE MATERIALIZED VIEW IF NOT EXISTS told_waiting TO waiting AS
    SELECT key AS view, now() AS at FROM told WHERE what = 'waiting'""",
    # Message ids of events that were erased: none comes back by a second delivery.
    """CREATE TABLE IF NOT EXISTS gone (message_id String, at DateTime DEFAULT now())
    ENGINE = ReplacingMergeTree(at) ORDER BY message_id""",
    # Message ids that two processes kept at the same moment: see ``keeping``.
    """CREATE TABLE IF NOT EXISTS twice (message_id String)
    ENGINE = ReplacingMergeTree ORDER BY message_id""",
)
