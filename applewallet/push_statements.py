"""The SQL of pushes. Only the database's clock counts; nothing here waits for anybody's HTTP."""

# Which credential a push is sent with: another certificate or key, another version.
VERSION = "concat_ws(':', c.id, t.apns_key_id, md5(t.encrypted_apns_key))"

# Types whose oldest push waits longest come first, and take turns, so that one brand's campaign holds up nobody; each
# has its free places. Those that are paused, or have no valid certificate, are passed over. What was found is looked at
# once: a push token that got one less than `pause` seconds ago, or that one is on its way to, is put off until then.
CLAIM = f"""
WITH RECURSIVE waiting AS (
    -- From one type to the next in the index, past the many rows that each may have.
    (SELECT type_id FROM applewallet_push WHERE state = 'pending' ORDER BY type_id LIMIT 1)
    UNION ALL
    SELECT (SELECT p.type_id FROM applewallet_push p WHERE p.state = 'pending' AND p.type_id > w.type_id
            ORDER BY p.type_id LIMIT 1)
    FROM waiting w WHERE w.type_id IS NOT NULL
), ready AS MATERIALIZED (
    SELECT t.id, {VERSION} AS version, %(share)s - coalesce(f.places, 0) AS free
    FROM waiting w JOIN applewallet_packagetype t ON t.id = w.type_id AND t.push_paused_at IS NULL
    JOIN applewallet_credential c
        ON c.type_id = t.id AND c.is_active AND now() >= c.valid_from AND now() < c.valid_until
    LEFT JOIN unnest(%(types)s::bigint[], %(places)s::int[]) AS f (type_id, places) ON f.type_id = t.id
    CROSS JOIN LATERAL (
        SELECT p.due_at FROM applewallet_push p
        WHERE p.type_id = t.id AND p.state = 'pending' AND p.due_at <= now() ORDER BY p.due_at LIMIT 1
    ) oldest
    WHERE %(share)s > coalesce(f.places, 0)
    ORDER BY oldest.due_at LIMIT 32
), found AS (
    SELECT due.id, due.due_at, row_number() OVER (PARTITION BY ready.id ORDER BY due.due_at) AS turn
    FROM ready CROSS JOIN LATERAL (
        SELECT p.id, p.due_at FROM applewallet_push p
        WHERE p.type_id = ready.id AND p.state = 'pending' AND p.due_at <= now()
        ORDER BY p.due_at LIMIT least(ready.free, %(limit)s)
    ) due
), picked AS MATERIALIZED (
    -- As an array, so that no plan looks at all that is pending.
    SELECT p.id, p.type_id, p.push_token FROM applewallet_push p
    WHERE p.id = ANY(ARRAY(SELECT id FROM found ORDER BY turn, due_at LIMIT %(limit)s))
      AND p.state = 'pending' AND p.due_at <= now()
    FOR UPDATE SKIP LOCKED
), looked AS MATERIALIZED (
    SELECT picked.id, ready.version, (
        SELECT max(CASE WHEN o.state = 'sending' THEN now() ELSE o.done_at END) FROM applewallet_push o
        WHERE o.type_id = picked.type_id AND o.push_token = picked.push_token
          AND (o.state = 'sending' OR o.done_at > now() - make_interval(secs => %(pause)s))
    ) AS latest
    FROM picked JOIN ready ON ready.id = picked.type_id
)
UPDATE applewallet_push p
SET state = CASE WHEN latest IS NULL THEN 'sending' ELSE 'pending' END,
    attempts = p.attempts + (latest IS NULL)::int,
    due_at = coalesce(latest + make_interval(secs => %(pause)s), p.due_at),
    lease_token = CASE WHEN latest IS NULL THEN gen_random_uuid() END,
    lease_until = CASE WHEN latest IS NULL THEN now() + make_interval(secs => %(lease)s) END
FROM looked WHERE p.id = looked.id
RETURNING p.id, p.type_id, looked.version, p.push_token, p.attempts, p.lease_token,
    extract(epoch FROM clock_timestamp())::float8
"""

RESULT = """
WITH result AS (
    SELECT * FROM unnest(%(id)s::bigint[], %(token)s::uuid[], %(version)s::text[], %(outcome)s::text[],
        %(status)s::int[], %(reason)s::text[], %(wait)s::float8[], %(stops)s::text[], %(before)s::float8[])
    AS r (id, token, version, outcome, status, reason, wait, stops, before)
)"""
# The token is the guard: whoever lost its lease changes nothing more.
ENDED = f"""{RESULT}
UPDATE applewallet_push p
SET state = r.outcome, done_at = now(), last_status = r.status, last_reason = r.reason,
    lease_until = NULL, lease_token = NULL
FROM result r WHERE p.id = r.id AND p.lease_token = r.token
"""

# Whatever may let a push become pending, or a device go, first takes the lock that the triggers of packages and
# registrations take (migrations/0002): so no push and no device appears while it looks.
LOCK = """
SELECT 1 FROM applewallet_packagetype WHERE id = ANY(%(types)s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

# Where a younger push waits for the same token already, the two become one, which waits as long as the older would.
# A wait is up to a quarter shorter or longer, so that not all come back at once.
AGAIN = f"""{RESULT}, back AS MATERIALIZED (
    SELECT p.id, p.type_id, p.push_token, p.attempts, r.status, r.reason, r.stops, r.version,
        now() + make_interval(secs => r.wait * (0.75 + random() / 2)) AS due_at
    FROM result r JOIN applewallet_push p ON p.id = r.id AND p.lease_token = r.token FOR UPDATE OF p
), younger AS (
    UPDATE applewallet_push y
    SET attempts = greatest(y.attempts, b.attempts), due_at = greatest(y.due_at, b.due_at),
        last_status = b.status, last_reason = b.reason
    FROM back b WHERE y.type_id = b.type_id AND y.push_token = b.push_token AND y.state = 'pending' RETURNING b.id
), merged AS (
    DELETE FROM applewallet_push p USING younger WHERE p.id = younger.id
), returned AS (
    UPDATE applewallet_push p
    SET state = 'pending', due_at = b.due_at, last_status = b.status, last_reason = b.reason,
        lease_until = NULL, lease_token = NULL
    FROM back b WHERE p.id = b.id AND b.id NOT IN (SELECT id FROM younger)
)
UPDATE applewallet_packagetype t SET push_paused_at = now(), push_paused_reason = b.stops
FROM back b, applewallet_credential c
WHERE b.stops <> '' AND t.id = b.type_id AND t.push_paused_at IS NULL
  AND c.type_id = t.id AND c.is_active AND b.version = {VERSION}
RETURNING t.identifier, t.push_paused_reason
"""

# A device that registered again later than Apple speaks of has shown that its token lives.
GONE = f"""{RESULT}, ended AS (
    UPDATE applewallet_push p
    SET state = 'dead', done_at = now(), last_status = r.status, last_reason = r.reason,
        lease_until = NULL, lease_token = NULL
    FROM result r WHERE p.id = r.id AND p.lease_token = r.token
    RETURNING p.type_id, p.push_token, to_timestamp(r.before) AS dead_since
), lost AS MATERIALIZED (
    SELECT d.id FROM ended e JOIN applewallet_device d ON d.type_id = e.type_id AND d.push_token = e.push_token
    WHERE d.updated_at < e.dead_since AND NOT EXISTS (
        SELECT 1 FROM applewallet_registration r WHERE r.device_id = d.id AND r.registered_at >= e.dead_since
    )
), unregistered AS (
    DELETE FROM applewallet_registration r USING lost WHERE r.device_id = lost.id
)
DELETE FROM applewallet_device d USING lost WHERE d.id = lost.id RETURNING d.id
"""

LOST = """
SELECT id, type_id, lease_token FROM applewallet_push WHERE state = 'sending' AND lease_until < now()
ORDER BY lease_until LIMIT 500
"""

FORGET = """
DELETE FROM applewallet_push WHERE id IN (
    SELECT id FROM applewallet_push WHERE done_at < now() - make_interval(days => %(days)s)
    ORDER BY done_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
)
"""
