"""The SQL of the delivery engine. Only the database's clock counts; nothing here waits for anybody's HTTP."""

from django.utils.translation import gettext_noop

GONE = gettext_noop("The receiver answered 410 Gone.")  # why an endpoint was disabled
HELD_UP_BY = 3  # an order's later news waits for its earlier news until that has failed so often
BREAKER_AFTER = 5  # failures in a row
BREAKER_SHORTEST = 30  # seconds; doubled each time it opens again
BREAKER_LONGEST = 900  # seconds

# Endpoints that wait longest come first, each with its free places, so that one slow endpoint takes no more than its
# own. An endpoint whose breaker has been open gets one call as a probe. Of what they have, brands take turns.
#
# A queue is empty whenever PostgreSQL looks at it to plan, and long when it matters: by its estimates it may as well
# read all of it, and for each row again. So nothing is left to estimates. Due deliveries are asked for in the order of
# `delivery_due`; an order's earlier news without their state, so that `delivery_of_order` alone can serve (OFFSET 0
# keeps that question whole); subqueries stay subqueries, as no EXISTS would; rows are locked by their primary keys.
CLAIM = f"""
WITH served AS MATERIALIZED (
    SELECT e.id, CASE WHEN e.failures_in_a_row >= {BREAKER_AFTER} THEN 1 ELSE e.concurrency END - (
        SELECT count(*) FROM webhooks_delivery f WHERE f.endpoint_id = e.id AND f.state = 'sending'
    ) AS free
    FROM webhooks_endpoint e
    WHERE e.is_active AND (e.open_until IS NULL OR e.open_until <= now()) AND (
        SELECT d.id FROM webhooks_delivery d WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.due_at <= now()
        ORDER BY d.due_at LIMIT 1
    ) IS NOT NULL
    ORDER BY e.last_served_at NULLS FIRST LIMIT 32 FOR UPDATE OF e SKIP LOCKED
), found AS MATERIALIZED (
    SELECT due.* FROM served CROSS JOIN LATERAL (
        SELECT d.id, d.brand_id, d.due_at, d.attempts FROM webhooks_delivery d
        WHERE d.endpoint_id = served.id AND d.state = 'pending' AND d.due_at <= now() AND (
            SELECT true FROM (
                SELECT state, attempts FROM webhooks_delivery earlier
                WHERE earlier.order_uuid = d.order_uuid AND earlier.endpoint_id = d.endpoint_id
                  AND earlier.version < d.version OFFSET 0
            ) told WHERE told.state IN ('pending', 'sending') AND told.attempts < {HELD_UP_BY} LIMIT 1
        ) IS NULL
        ORDER BY d.due_at LIMIT greatest(least(served.free, %(limit)s), 0)
    ) due
), chosen AS MATERIALIZED (
    SELECT id FROM (
        -- First attempts before retries, and each brand's first before anybody's second.
        SELECT id, row_number() OVER (PARTITION BY brand_id ORDER BY attempts > 0, due_at, id) AS turn, due_at
        FROM found
    ) queue ORDER BY turn, due_at LIMIT %(limit)s
), locked AS MATERIALIZED (
    SELECT d.id, d.state FROM chosen JOIN webhooks_delivery d ON d.id = chosen.id FOR UPDATE OF d SKIP LOCKED
), claimed AS (
    UPDATE webhooks_delivery d
    SET state = 'sending', attempts = attempts + 1, lease_token = gen_random_uuid(),
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM locked WHERE d.id = locked.id AND locked.state = 'pending' RETURNING d.*
), turned AS (
    UPDATE webhooks_endpoint e SET last_served_at = clock_timestamp()
    WHERE e.id IN (SELECT endpoint_id FROM claimed)
), called AS (
    INSERT INTO webhooks_call (brand_id, delivery_id, attempt, trigger, url, interval, outcome, response)
    SELECT c.brand_id, c.id, c.attempts, c.trigger, e.url, c.interval, 'started', ''
    FROM claimed c JOIN webhooks_endpoint e ON e.id = c.endpoint_id
)
SELECT c.id, c.uuid, c.attempts, c.first_attempt, c.lease_token, e.url, e.encrypted_key,
    CASE WHEN e.previous_key_until > now() THEN e.previous_key END, v.body, c.version,
    extract(epoch FROM clock_timestamp())::float8
FROM claimed c JOIN webhooks_endpoint e ON e.id = c.endpoint_id JOIN webhooks_event v ON v.id = c.event_id
ORDER BY c.due_at, c.id
"""

# The token is the guard: whoever lost its lease changes the delivery no more, and only says how its own call went.
# Up to a tenth is added to a wait, so that a receiver that comes back is not met by everybody at once.
FINISH = f"""
WITH result AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(attempt)s::int[], %(token)s::uuid[], %(outcome)s::text[], %(code)s::int[],
        %(response)s::text[], %(headers)s::text[], %(address)s::inet[], %(milliseconds)s::int[], %(wait)s::float8[])
    AS r (id, attempt, token, outcome, code, response, headers, address, milliseconds, wait)
), ended AS (
    UPDATE webhooks_delivery d
    SET state = CASE WHEN r.outcome = 'ok' THEN 'delivered' WHEN r.wait IS NULL THEN 'exhausted' ELSE 'pending' END,
        due_at = now() + make_interval(secs => coalesce(r.wait, 0) * (1 + random() / 10)),
        done_at = CASE WHEN r.wait IS NULL THEN now() END,
        interval = coalesce(round(r.wait), d.interval), lease_until = NULL, lease_token = NULL, trigger = 'auto'
    FROM result r WHERE d.id = r.id AND d.lease_token = r.token
    RETURNING d.endpoint_id, r.outcome, r.code
), tally AS (
    SELECT endpoint_id, bool_or(outcome = 'ok') AS reached, coalesce(bool_or(code = 410), false) AS gone,
        count(*) FILTER (WHERE outcome <> 'ok') AS failures
    FROM ended GROUP BY endpoint_id
), judged AS (
    UPDATE webhooks_endpoint e
    SET failures_in_a_row = CASE WHEN t.reached THEN 0 ELSE e.failures_in_a_row + t.failures END,
        failing_since = CASE WHEN t.reached THEN NULL ELSE coalesce(e.failing_since, now()) END,
        warnings_sent = CASE WHEN t.reached THEN 0 ELSE e.warnings_sent END,
        times_opened = CASE WHEN t.reached THEN 0
                            WHEN e.failures_in_a_row + t.failures >= {BREAKER_AFTER} THEN e.times_opened + 1
                            ELSE e.times_opened END,
        open_until = CASE WHEN NOT t.reached AND e.failures_in_a_row + t.failures >= {BREAKER_AFTER}
                          THEN now() + make_interval(secs => least({BREAKER_LONGEST},
                              {BREAKER_SHORTEST} * power(2, least(e.times_opened, 10)))) END,
        is_active = e.is_active AND NOT t.gone,
        disabled_at = CASE WHEN t.gone THEN now() ELSE e.disabled_at END,
        disabled_reason = CASE WHEN t.gone THEN '{GONE}' ELSE e.disabled_reason END
    FROM tally t WHERE e.id = t.endpoint_id AND NOT (t.reached AND e.failing_since IS NULL AND NOT t.gone)
)
UPDATE webhooks_call c
SET outcome = r.outcome, http_status_code = r.code, response = r.response, response_headers = r.headers,
    remote_ip = r.address, duration_ms = r.milliseconds, finished_at = now()
FROM result r WHERE c.delivery_id = r.id AND c.attempt = r.attempt AND c.outcome IN ('started', 'unknown')
"""

# What was claimed but never sent leaves no trace: its call is taken back, and the attempt does not count.
RELEASE = """
WITH unsent AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(attempt)s::int[], %(token)s::uuid[]) AS r (id, attempt, token)
), released AS (
    UPDATE webhooks_delivery d
    SET state = 'pending', attempts = d.attempts - 1, lease_until = NULL, lease_token = NULL
    FROM unsent r WHERE d.id = r.id AND d.lease_token = r.token RETURNING d.id, r.attempt
)
DELETE FROM webhooks_call c USING released r
WHERE c.delivery_id = r.id AND c.attempt = r.attempt AND c.outcome = 'started'
"""

GIVE_BACK = """
WITH lost AS (
    SELECT id, attempts FROM webhooks_delivery
    WHERE state = 'sending' AND lease_until < now() LIMIT 500 FOR UPDATE SKIP LOCKED
), unknown AS (
    UPDATE webhooks_call c SET outcome = 'unknown', finished_at = now(), response = 'The worker was lost.'
    FROM lost WHERE c.delivery_id = lost.id AND c.attempt = lost.attempts AND c.outcome = 'started'
)
UPDATE webhooks_delivery d SET state = 'pending', due_at = now(), lease_until = NULL, lease_token = NULL
FROM lost WHERE d.id = lost.id
"""
