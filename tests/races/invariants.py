"""What must hold in the tables at every moment, whoever raced whom."""

from tests.people import House


async def broken(house: House) -> list[str]:
    """The invariants that do not hold, in words; none is how it should be."""
    found = []
    for words, sql in _NEVER.items():
        rows = await house.rows(sql)
        if rows:
            found.append(f"{words}: {len(rows)} times")
    return found


_NEVER = {
    "1: a number is live on two accounts": """
        SELECT number_key FROM bindings WHERE released_at IS NULL
        GROUP BY number_key HAVING count(*) > 1
    """,
    "1: a live binding without its reservation": """
        SELECT b.account_id FROM bindings b
        LEFT JOIN numbers n ON n.number_key = b.number_key AND n.account_id = b.account_id
            AND n.number_version = b.version AND n.held_until IS NULL
        WHERE b.released_at IS NULL AND n.number_key IS NULL
    """,
    "1: a live reservation without its binding": """
        SELECT n.number_key FROM numbers n
        LEFT JOIN bindings b ON b.account_id = n.account_id AND b.version = n.number_version
            AND b.number_key = n.number_key AND b.released_at IS NULL
        WHERE n.held_until IS NULL AND b.account_id IS NULL
    """,
    "2: an active account without exactly one live binding": """
        SELECT a.id FROM accounts a
        LEFT JOIN bindings b ON b.account_id = a.id AND b.released_at IS NULL
        WHERE a.state IN ('active', 'locked') GROUP BY a.id HAVING count(b.version) <> 1
    """,
    "2: a lock without its date, or a date without its lock": """
        SELECT id FROM accounts WHERE (state = 'locked') <> (locked_at IS NOT NULL)
            OR (locked_at IS NULL) <> (lock_earlier_than IS NULL)
            OR (frozen_at IS NOT NULL AND locked_at IS NULL)
    """,
    "2: the live binding is not the one that the account names": """
        SELECT a.id FROM accounts a
        JOIN bindings b ON b.account_id = a.id AND b.released_at IS NULL
        WHERE b.version <> a.number_version
    """,
    "3: a binding that nobody answered a code for": """
        SELECT b.account_id FROM bindings b
        LEFT JOIN acts i ON i.subject_id = b.account_id AND i.act = 'account_imported'
        LEFT JOIN requests r ON r.account_id = b.account_id
            AND (r.number_key = b.number_key
                OR substr(r.number_key, 1, 1) <> substr(b.number_key, 1, 1))
            AND r.ended_as = 'done' AND r.kind IN ('enrol', 'change', 'recover')
            AND r.ended_at = b.bound_at
        LEFT JOIN challenges c ON c.request_id = r.id AND c.proof = 'code_new'
            AND c.consumed_at IS NOT NULL
        LEFT JOIN requests u ON u.account_id = b.account_id AND u.kind = 'undo'
            AND u.ended_as = 'done' AND (u.ended_at = b.bound_at OR EXISTS (
                SELECT 1 FROM cases k WHERE k.request_id = u.id AND k.outcome = 'for'
                    AND k.decided_at = b.bound_at))
        LEFT JOIN bindings w ON w.account_id = b.account_id AND w.version < b.version
            AND w.number_key = b.number_key
        WHERE c.request_id IS NULL AND NOT (i.act IS NOT NULL AND b.version = 1)
          AND (u.id IS NULL OR w.version IS NULL)
    """,
    "3: a number that became live by a code of the day before yesterday": """
        SELECT r.id FROM requests r JOIN evidence e ON e.request_id = r.id AND e.proof = 'code_new'
        WHERE r.kind IN ('change', 'recover') AND r.ended_as = 'done'
          AND r.ended_at - e.last_at > 93600000
    """,
    "3: a weak change that was done without its wait": """
        SELECT r.id FROM requests r
        LEFT JOIN evidence e ON e.request_id = r.id AND e.proof = 'silence'
            AND e.last_at >= r.wait_until
        WHERE r.ended_as = 'done'
          AND r.policy_row IN ('C3', 'C4', 'C5', 'R1', 'R2', 'R4')
          AND (r.wait_until IS NULL OR r.ended_at < r.wait_until OR e.request_id IS NULL)
    """,
    "4: a released number without a live successor": """
        SELECT b.account_id FROM bindings b
        LEFT JOIN bindings s ON s.account_id = b.account_id AND s.version = b.version + 1
            AND s.bound_at = b.released_at
        WHERE b.released_at IS NOT NULL AND s.account_id IS NULL
    """,
    "5: a code was tried more often than it may be": """
        SELECT request_id FROM challenges WHERE tries > tries_max
    """,
    "5: a request that ended well with a code unanswered": """
        SELECT r.id FROM requests r JOIN challenges c ON c.request_id = r.id
        WHERE r.ended_as = 'done' AND c.consumed_at IS NULL
    """,
    "6: a change without its line": """
        SELECT r.id FROM requests r
        LEFT JOIN acts a ON a.subject_id = r.account_id AND a.request_id = r.id
            AND a.act = 'number_changed'
        WHERE r.kind = 'change' AND r.ended_as = 'done' AND a.id IS NULL
    """,
    "6: an undo without its line": """
        SELECT r.id FROM requests r
        LEFT JOIN acts a ON a.subject_id = r.account_id AND a.request_id = r.id
            AND a.act IN ('number_returned', 'account_frozen')
        WHERE r.kind = 'undo' AND r.ended_as = 'done' AND a.id IS NULL
    """,
    "6: an undo without notices to both numbers": """
        SELECT r.id FROM requests r
        LEFT JOIN outbox o ON o.request_id = r.id AND o.channel = 'sms'
            AND o.message IN ('number_returned', 'account_frozen')
        WHERE r.kind = 'undo' AND r.ended_as = 'done'
        GROUP BY r.id HAVING count(o.id) < 2
    """,
    "6: a request that waits, and nobody was told": """
        SELECT r.id FROM requests r
        LEFT JOIN outbox o ON o.request_id = r.id AND o.message = 'change_waiting'
        WHERE r.kind = 'change' AND r.wait_until IS NOT NULL
        GROUP BY r.id HAVING count(o.id) < 2
    """,
    "6: a notice before any proof": """
        SELECT o.id FROM outbox o JOIN requests r ON r.id = o.request_id
        WHERE o.lane = 1 AND r.first_proof_at IS NULL AND r.ended_as IS NULL
    """,
    "6: what has ended badly is still waited for": """
        SELECT id FROM requests WHERE ended_at IS NOT NULL AND ended_as <> 'done'
            AND ((due_at IS NOT NULL AND ended_as <> 'cancelled') OR stands_until IS NOT NULL)
    """,
    "6: a wait that nothing came of, and nobody is told": """
        SELECT r.id FROM requests r
        JOIN acts a ON a.request_id = r.id AND a.act IN ('request_cancelled', 'request_refused')
            AND a.door = 'time'
        LEFT JOIN outbox o ON o.request_id = r.id AND o.message = 'change_ended'
        LEFT JOIN bindings b ON b.account_id = r.account_id AND b.number_key = r.number_key
        WHERE r.kind = 'change' AND r.wait_until IS NOT NULL AND o.id IS NULL
          AND b.account_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM requests s WHERE s.account_id = r.account_id AND s.id <> r.id
                AND s.number_key = r.number_key AND s.wait_until IS NOT NULL)
    """,
    "6: a wait that time does not look at": """
        SELECT id FROM requests WHERE ended_at IS NULL AND wait_until IS NOT NULL
            AND ready_at IS NULL AND due_at IS NULL
    """,
    "6: a change without notices to both numbers": """
        SELECT r.id FROM requests r
        LEFT JOIN outbox o ON o.request_id = r.id AND o.message = 'number_changed'
            AND o.channel = 'sms'
        WHERE r.kind = 'change' AND r.ended_as = 'done'
        GROUP BY r.id HAVING count(o.id) < 2
    """,
    "9: a session of an account without a number": """
        SELECT s.id FROM sessions s LEFT JOIN numbers n ON n.account_id = s.account_id
            AND n.held_until IS NULL
        WHERE n.number_key IS NULL
    """,
    "9: a session older than the last change lived on, besides the one that changed": """
        SELECT s.id FROM sessions s
        JOIN accounts a ON a.id = s.account_id
        JOIN requests r ON r.account_id = a.id AND r.kind = 'change' AND r.ended_as = 'done'
        WHERE s.ended_at IS NULL AND s.opened_at < r.ended_at AND s.id <> r.session_id
    """,
    "9: a locked account with a session": """
        SELECT s.id FROM sessions s JOIN accounts a ON a.id = s.account_id
        WHERE a.state = 'locked' AND s.ended_at IS NULL AND s.number_version = a.number_version
    """,
    "10: a message kept its body after its fate": """
        SELECT id FROM outbox WHERE state <> 'due' AND payload_sealed IS NOT NULL
    """,
    "14: a number confirmed without a full session": """
        SELECT b.account_id FROM bindings b
        LEFT JOIN acts a ON a.subject_id = b.account_id AND a.at = b.confirmed_at
            AND a.act IN ('number_confirmed', 'account_opened', 'number_changed')
        LEFT JOIN bindings w ON w.account_id = b.account_id AND w.version < b.version
            AND w.number_key = b.number_key AND w.confirmed_at = b.confirmed_at
        WHERE b.confirmed_at <> b.bound_at AND a.id IS NULL AND w.version IS NULL
    """,
    "14: a number confirmed by SMS on an unknown device": """
        SELECT a.id FROM acts a WHERE a.act = 'number_confirmed' AND a.why NOT IN ('I1', 'I2', 'L1')
    """,
}
