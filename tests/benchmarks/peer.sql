-- The pair, unit and add-on rules as SQL, written from the rules' specification and not from the
-- auditor's code: PTP-0, PTP-1, MUE-0, MUE-1, MUE-2, MUE-3, AOC-1, AOC-6, and what they rest on:
-- voids and replacements, exact duplicates (DUP-1), status codes (STA-B), payability.
--
-- peer.py makes the tables that this script reads: file_line (the CSV as text), ptp_table,
-- aoc_table, mue_table, fee_table, and em_codes, lab_codes, facility, overnight (policy).
-- The file is Medicare throughout, every line names its rendering practitioner, and every
-- replacement and void names a claim of the file: the fallbacks for what is missing are not here.

-- 1. The lines, typed ---------------------------------------------------------------------------

-- `who` stands for patient, payer and practitioner, `partners` for patient, payer and tax id:
-- 64-bit hashes, so that joins compare one number. A line is known by its rowid.

CREATE TEMP TABLE line AS
SELECT
    claim_number AS claim_id,
    CAST(line_number AS INTEGER) AS line_number,
    patient_id,
    payer_name AS payer,
    CAST(received_date AS DATE) AS received,
    CAST(service_date_from AS DATE) AS first_day,
    CAST(service_date_to AS DATE) AS last_day,
    place_of_service AS pos,
    upper(trim(procedure_code)) AS code,
    concat_ws(' ', modifier_1, modifier_2, modifier_3, modifier_4) AS mods,
    CAST(CAST(units AS DECIMAL(18, 3)) * 1000 AS BIGINT) AS units,
    CAST(CAST(charge_amount AS DECIMAL(18, 2)) * 100 AS BIGINT) AS charge,
    line_status = 'denied' AS denied,
    rendering_npi AS npi,
    tax_id,
    specialty_code AS specialty,
    claim_frequency_code AS frequency,
    original_claim_number AS original,
    payer_claim_control_number AS control,
    hash(patient_id, payer_name, rendering_npi) AS who,
    hash(patient_id, payer_name, tax_id) AS partners
FROM file_line;

-- 2. Voids and replacements (SPEC 1): a void goes with the claim it names; of the replacements of
-- a chain only the newest stays --------------------------------------------------------------------

CREATE TEMP TABLE change AS
SELECT DISTINCT claim_id, frequency, original, received
FROM line
WHERE frequency IN ('7', '8');

DELETE FROM line
WHERE claim_id IN (
    SELECT claim_id FROM change WHERE frequency = '8'
    UNION
    SELECT l.claim_id FROM line l JOIN change c ON c.original = l.control
    UNION
    SELECT c.claim_id
    FROM change c
    JOIN change newer ON newer.original = c.original AND newer.frequency = '7'
        AND (newer.received, newer.claim_id) > (c.received, c.claim_id)
    WHERE c.frequency = '7'
);

-- Modifier combinations are few: their tests are worked out once each.

CREATE TEMP TABLE modifier_set AS
WITH combination AS (SELECT DISTINCT mods FROM line),
token AS (
    SELECT mods, unnest(string_split(mods, ' ')) AS m FROM combination WHERE mods <> ''
)
SELECT
    c.mods,
    coalesce(bool_or(m IN ('59', 'XE', 'XS', 'XP', 'XU')), false) AS distinct_service,
    coalesce(bool_or(m IN ('24', '25', '57')), false) AS visit_modifier,
    coalesce(bool_or(m IN ('24', '25')), false) AS has_24_25,
    coalesce(bool_or(m = '57'), false) AS has_57,
    coalesce(bool_or(m IN ('58', '78', '79')), false) AS has_58_78_79,
    coalesce(bool_or(m = '91'), false) AS has_91,
    coalesce(bool_or(m IN ('76', '77', '91', '59', 'XE', 'XS', 'XP', 'XU')), false) AS repeats,
    coalesce(bool_or(m IN ('GX', 'GY')), false) AS sent_to_be_denied,
    coalesce(bool_or(m = 'JW'), false) AS waste,
    coalesce(bool_or(m = 'TC'), false) AS has_tc,
    CASE WHEN bool_or(m = '26') THEN '26' WHEN bool_or(m = 'TC') THEN 'TC' ELSE '' END AS component,
    list_sort(list_distinct(list(m) FILTER (m IS NOT NULL))) AS sorted_mods,
    -- SPEC 4.2: each anatomic modifier as (side, part); 50 is both sides
    list({'m': m, 'side': side, 'part': part}) FILTER (side IS NOT NULL) AS places,
    coalesce(bool_or(side IS NOT NULL AND m <> '50'), false) AS anatomic
FROM combination c
LEFT JOIN token USING (mods)
LEFT JOIN (
    SELECT unnest(['LT', 'FA', 'F1', 'F2', 'F3', 'F4', 'TA', 'T1', 'T2', 'T3', 'T4', 'E1', 'E2']) AS m, 'left' AS side
    UNION ALL
    SELECT unnest(['RT', 'F5', 'F6', 'F7', 'F8', 'F9', 'T5', 'T6', 'T7', 'T8', 'T9', 'E3', 'E4']), 'right'
    UNION ALL SELECT unnest(['LC', 'LD', 'LM', 'RC', 'RI']), 'vessel'
    UNION ALL SELECT '50', 'both'
) side USING (m)
LEFT JOIN (
    SELECT unnest([
        'FA', 'F1', 'F2', 'F3', 'F4', 'TA', 'T1', 'T2', 'T3', 'T4', 'E1', 'E2', 'F5', 'F6', 'F7',
        'F8', 'F9', 'T5', 'T6', 'T7', 'T8', 'T9', 'E3', 'E4', 'LC', 'LD', 'LM', 'RC', 'RI'
    ]) AS m, true AS part
) part USING (m)
GROUP BY c.mods;

-- 3. Exact duplicates (SPEC 7.1): the later line, by received date, claim and line number; no rule
-- is judged on it, and it supports none. What the payer denied may be billed again; a replacement
-- repeats lines of other claims by its nature, so it is compared with itself only -----------------

CREATE TEMP TABLE duplicate AS
WITH repeated AS (
    SELECT who, code, first_day FROM line GROUP BY ALL HAVING count(*) > 1
)
SELECT line.rowid AS line_key
FROM line
SEMI JOIN repeated USING (who, code, first_day)
JOIN modifier_set USING (mods)
WHERE NOT repeats AND NOT denied
QUALIFY row_number() OVER (
    PARTITION BY who, code, first_day, last_day, pos, sorted_mods, units, charge,
        CASE WHEN frequency = '7' THEN claim_id END
    ORDER BY received, claim_id, line_number
) > 1;

-- 4. What the tables in force on a day say of a code; one row a line and day (SPEC 2.8, 9) --------

CREATE TEMP TABLE code_day AS
WITH billed AS (
    SELECT DISTINCT code, CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE) AS day
    FROM (SELECT DISTINCT code, first_day, last_day FROM line)
)
SELECT
    b.code,
    b.day,
    f.status,
    coalesce(f.pctc = '1', false) AS splits,
    coalesce(f.global_days, '') AS global_days,
    m.mue_value,
    m.mai,
    coalesce(e.visit = '1', false) AS visit,
    coalesce(e.soft = '1', false) AS soft,
    l.code_low IS NOT NULL AS laboratory
FROM billed b
LEFT JOIN fee_table f ON f.code = b.code AND f.component = ''
    AND b.day BETWEEN f.valid_from AND coalesce(f.valid_to, DATE '9999-12-31')
LEFT JOIN mue_table m ON m.code = b.code
    AND b.day BETWEEN m.valid_from AND coalesce(m.valid_to, DATE '9999-12-31')
LEFT JOIN em_codes e ON b.code BETWEEN e.code_low AND e.code_high
    AND b.day BETWEEN coalesce(e.effective, DATE '0001-01-01') AND coalesce(e.deletion, DATE '9999-12-31')
LEFT JOIN lab_codes l ON b.code BETWEEN l.code_low AND l.code_high;

CREATE TEMP TABLE line_day AS
WITH spread AS (
    SELECT rowid AS line_key, *, first_day AS day FROM line WHERE first_day = last_day
    UNION ALL
    SELECT rowid, *, CAST(unnest(generate_series(first_day, last_day, INTERVAL 1 DAY)) AS DATE)
    FROM line WHERE first_day < last_day
)
SELECT
    s.line_key, s.who, s.partners, s.npi, s.specialty, s.day, s.code, s.mods, s.pos, s.units,
    CAST(date_diff('day', s.first_day, s.last_day) + 1 AS BIGINT) AS days,
    s.charge, s.denied, c.status, c.splits, c.mue_value, c.mai,
    s.units > 0 AS counts,
    s.denied OR s.units <= 0 OR coalesce(c.status IN ('B', 'I', 'N', 'P'), false)
        OR (coalesce(c.mue_value = 0, false) AND NOT x.sent_to_be_denied) AS blocked
FROM spread s
ANTI JOIN duplicate d USING (line_key)
JOIN code_day c ON c.code = s.code AND c.day = s.day
JOIN modifier_set x ON x.mods = s.mods;

-- A status T line pays only where nothing else that the fee schedule pays stands beside it (7.3).

CREATE TEMP TABLE paid_only_alone AS
SELECT DISTINCT t.line_key, t.day
FROM line_day t
JOIN line_day other ON other.who = t.who AND other.day = t.day
WHERE t.status = 'T' AND other.status IN ('A', 'C', 'R') AND NOT other.blocked;

-- 5. Pairs (SPEC 4): active rows, the column 1 line payable by itself ------------------------------

CREATE TEMP TABLE edit AS
SELECT column1, column2, effective, coalesce(deletion, DATE '9999-12-31') AS deletion, modifier_indicator
FROM ptp_table
WHERE column1 IN (SELECT code FROM code_day) AND column2 IN (SELECT code FROM code_day)
    AND modifier_indicator <> 9 AND effective IS DISTINCT FROM deletion
    AND effective <= (SELECT max(day) FROM code_day)
    AND coalesce(deletion, DATE '9999-12-31') >= (SELECT min(day) FROM code_day);

CREATE TEMP TABLE pair AS
SELECT
    a.line_key AS line1, a.code AS code1, a.mods AS mods1,
    b.line_key AS line2, b.code AS code2, b.mods AS mods2,
    a.day, e.modifier_indicator
FROM line_day a
JOIN line_day b ON b.who = a.who AND b.day = a.day AND b.line_key <> a.line_key
JOIN edit e ON e.column1 = a.code AND e.column2 = b.code AND a.day BETWEEN e.effective AND e.deletion
WHERE NOT a.blocked AND (a.line_key, a.day) NOT IN (SELECT line_key, day FROM paid_only_alone);

-- The bypass test (SPEC 4.2): 2 ok, 1 weak, 0 none. Of several lines of one column 1 code the one
-- that separates best counts (2.8, 8).

CREATE TEMP TABLE separated AS
SELECT
    p.line1, p.line2, p.code1, p.day,
    CASE
        WHEN c1.soft OR c2.soft THEN
            CASE WHEN m1.visit_modifier OR m2.visit_modifier OR m1.distinct_service OR m2.distinct_service THEN 2 ELSE 0 END
        WHEN c1.visit AND c2.visit THEN
            CASE WHEN m1.visit_modifier OR m2.visit_modifier THEN 2 ELSE 0 END
        WHEN c2.visit THEN
            CASE
                WHEN m2.has_24_25 OR (m2.has_57 AND c1.global_days = '090') THEN 2
                WHEN m2.has_57 OR m1.distinct_service OR m2.distinct_service THEN 1
                ELSE 0
            END
        WHEN c1.visit THEN
            CASE
                WHEN m1.visit_modifier OR m2.distinct_service THEN 2
                WHEN m1.distinct_service THEN 1
                ELSE 0
            END
        WHEN m2.distinct_service OR (m1.distinct_service AND p.day >= DATE '2019-07-01') THEN 2
        WHEN m1.has_58_78_79 OR m2.has_58_78_79 THEN 2
        WHEN m2.has_91 AND c1.laboratory AND c2.laboratory THEN 2
        WHEN len(m1.places) > 0 AND len(m2.places) > 0 AND NOT EXISTS (
            -- two places: every pairing differs in side, or names two parts of one side (2.8, 13)
            SELECT 1
            FROM unnest(m1.places) AS one(place), unnest(m2.places) AS two(place)
            WHERE NOT (
                (one.place.side = 'left' AND two.place.side = 'right')
                OR (one.place.side = 'right' AND two.place.side = 'left')
                OR (one.place.side = two.place.side AND one.place.part AND two.place.part
                    AND one.place.m <> two.place.m)
            )
        ) THEN 2
        WHEN m1.anatomic OR m2.anatomic THEN 1
        ELSE 0
    END AS strength
FROM pair p
JOIN modifier_set m1 ON m1.mods = p.mods1
JOIN modifier_set m2 ON m2.mods = p.mods2
JOIN code_day c1 ON c1.code = p.code1 AND c1.day = p.day
JOIN code_day c2 ON c2.code = p.code2 AND c2.day = p.day
WHERE p.modifier_indicator = 1;

CREATE TEMP TABLE pair_hit AS
SELECT line2 AS line_key, line1, 'PTP-0' AS rule_id FROM pair WHERE modifier_indicator = 0
UNION ALL
SELECT line2, line1, 'PTP-1'
FROM separated
QUALIFY max(strength) OVER (PARTITION BY line2, code1, day) = 0;

-- Certain where one of its column 1 lines is not itself denied by a pair, else a chain (2.8, 4).

CREATE TEMP TABLE pair_finding AS
WITH tier AS (
    SELECT
        line_key,
        CASE WHEN bool_or(line1 NOT IN (SELECT line_key FROM pair_hit)) THEN 0 ELSE 1 END AS tier
    FROM pair_hit
    GROUP BY line_key
)
SELECT line_key, rule_id, tier, min(line1) AS other
FROM pair_hit
JOIN tier USING (line_key)
GROUP BY ALL;

-- 6. Units (SPEC 5); a limit counts what the payer has not denied already --------------------------

CREATE TEMP TABLE unit_finding AS
WITH limited AS (
    SELECT
        *,
        -- units of a day, half up, and half down: where only a rounded half decides it is review
        (2 * units + 1000 * days) // (2000 * days) AS units_up,
        (2 * units + 1000 * days - 1) // (2000 * days) AS units_down,
        CASE WHEN splits THEN component ELSE '' END AS part
    FROM line_day
    JOIN modifier_set USING (mods)
    WHERE mue_value IS NOT NULL
),
day_sum AS (
    SELECT
        who, code, part, day, mai, mue_value,
        sum(CASE WHEN waste THEN 0 ELSE units_down END) > mue_value AS sure
    FROM limited
    WHERE mue_value > 0 AND mai <> 1 AND NOT denied
    GROUP BY who, code, part, day, mai, mue_value
    HAVING sum(units_up) > mue_value
),
found AS (
    SELECT line_key, 'MUE-0' AS rule_id, 0 AS tier
    FROM limited
    WHERE mue_value = 0 AND units > 0 AND NOT sent_to_be_denied
    UNION ALL
    SELECT line_key, 'MUE-1', CASE WHEN units_down > mue_value THEN 0 ELSE 1 END
    FROM limited
    WHERE mue_value > 0 AND mai = 1 AND units_up > mue_value AND NOT denied
    UNION ALL
    SELECT l.line_key, 'MUE-' || s.mai, CASE WHEN s.sure THEN 0 ELSE 1 END
    FROM limited l
    JOIN day_sum s USING (who, code, part, day)
    WHERE NOT l.denied
)
SELECT line_key, rule_id, min(tier) AS tier FROM found GROUP BY ALL;

-- 7. Add-ons (SPEC 3) ------------------------------------------------------------------------------

-- Rows in force on a day of the batch, of type 1.
CREATE TEMP TABLE addon_day AS
SELECT DISTINCT c.code AS addon, c.day, a.primary
FROM code_day c
JOIN aoc_table a ON a.addon = c.code AND a.edit_type = 1 AND a.effective IS DISTINCT FROM a.deletion
    AND c.day BETWEEN a.effective AND coalesce(a.deletion, DATE '9999-12-31');

-- Lines to judge: no add-on rule looks at a line that does not pay by itself (2.8, 2).
CREATE TEMP TABLE addon_line AS
SELECT l.*
FROM line_day l
WHERE (l.code, l.day) IN (SELECT addon, day FROM addon_day)
    AND NOT l.denied
    AND NOT (l.blocked AND l.counts)
    AND (l.line_key, l.day) NOT IN (SELECT line_key, day FROM paid_only_alone);

-- Listed primaries by the same practitioner on the day, payable or not.
CREATE TEMP TABLE carried AS
SELECT a.line_key, a.day, p.line_key AS primary_key
FROM addon_line a
JOIN line_day p ON p.who = a.who AND p.day = a.day AND p.line_key <> a.line_key AND p.counts
JOIN addon_day t ON t.addon = a.code AND t.day = a.day AND t.primary = p.code;

-- What fell, and whether for good (DESIGN, order of judgement, 6).
CREATE TEMP TABLE fallen AS
WITH reason AS (
    SELECT line_key, denied OR coalesce(status IN ('B', 'I', 'N', 'P'), false) AS for_good
    FROM line_day WHERE blocked
    UNION ALL
    SELECT line_key, true FROM paid_only_alone
    UNION ALL
    SELECT line_key, rule_id = 'PTP-0' AND tier = 0 FROM pair_finding
    UNION ALL
    SELECT line_key, rule_id IN ('MUE-0', 'MUE-2') AND tier = 0 FROM unit_finding
)
SELECT line_key, bool_or(for_good) AS for_good FROM reason GROUP BY line_key;

-- 99292 may follow the payable 99291 of a partner of the same specialty (2.8, 10).
CREATE TEMP TABLE excused AS
SELECT DISTINCT a.line_key, a.day
FROM addon_line a
JOIN line_day p ON p.partners = a.partners AND p.day = a.day AND p.specialty = a.specialty
    AND p.code = '99291' AND p.counts AND p.line_key <> a.line_key
WHERE a.code = '99292' AND p.line_key NOT IN (SELECT line_key FROM fallen);

-- Supported add-ons: the least fixpoint, so that a cycle supports nobody.
CREATE TEMP TABLE supported AS
WITH RECURSIVE holding AS (
    SELECT c.line_key, c.day, c.primary_key, a.line_key IS NOT NULL AS on_addon
    FROM carried c
    LEFT JOIN addon_line a ON a.line_key = c.primary_key AND a.day = c.day
    WHERE c.primary_key NOT IN (SELECT line_key FROM fallen)
),
supported(line_key, day) AS (
    SELECT line_key, day FROM holding WHERE NOT on_addon
    UNION
    SELECT line_key, day FROM excused
    UNION
    SELECT h.line_key, h.day
    FROM holding h
    JOIN supported s ON s.line_key = h.primary_key AND s.day = h.day
    WHERE h.on_addon
)
SELECT line_key, day FROM supported;

CREATE TEMP TABLE orphan AS
WITH bare AS (
    SELECT a.*
    FROM addon_line a
    WHERE (a.line_key, a.day) NOT IN (SELECT line_key, day FROM carried)
        AND (a.line_key, a.day) NOT IN (SELECT line_key, day FROM excused)
),
lowered AS (
    -- a partner's primary, payable or not
    SELECT b.line_key
    FROM bare b
    JOIN line_day p ON p.partners = b.partners AND p.day = b.day AND p.counts AND p.line_key <> b.line_key
    JOIN addon_day t ON t.addon = b.code AND t.day = b.day AND t.primary = p.code
    UNION
    -- a primary of the day before, over night in a facility; for infusion and labor anywhere
    SELECT b.line_key
    FROM bare b
    JOIN line_day p ON p.who = b.who AND p.day = b.day - 1 AND p.counts
    JOIN addon_day t ON t.addon = b.code AND t.day = b.day AND t.primary = p.code
    WHERE b.code IN (SELECT code FROM overnight)
        OR (b.pos IN (SELECT pos FROM facility) AND p.pos IN (SELECT pos FROM facility))
    UNION
    SELECT line_key FROM bare JOIN modifier_set USING (mods) WHERE has_tc
)
SELECT line_key, min(CASE WHEN line_key IN (SELECT line_key FROM lowered) THEN 1 ELSE 0 END) AS tier
FROM bare
GROUP BY line_key;

-- Primaries are there and none of them holds: certain only where every one fell for good.
CREATE TEMP TABLE follower AS
WITH RECURSIVE open_line AS (
    SELECT c.line_key, c.primary_key
    FROM carried c
    WHERE (c.line_key, c.day) NOT IN (SELECT line_key, day FROM supported)
),
doubtful(line_key) AS (
    SELECT o.line_key
    FROM open_line o
    LEFT JOIN fallen f ON f.line_key = o.primary_key
    LEFT JOIN orphan x ON x.line_key = o.primary_key
    WHERE NOT coalesce(f.for_good, false)
        AND NOT coalesce(x.tier = 0, false)
        AND o.primary_key NOT IN (SELECT line_key FROM open_line)
    UNION
    SELECT o.line_key
    FROM open_line o
    JOIN doubtful d ON d.line_key = o.primary_key
    LEFT JOIN fallen f ON f.line_key = o.primary_key
    WHERE NOT coalesce(f.for_good, false)
)
SELECT
    line_key,
    max(CASE WHEN line_key IN (SELECT line_key FROM doubtful) THEN 1 ELSE 0 END) AS tier,
    min(primary_key) AS other
FROM open_line
GROUP BY line_key;

-- 8. Findings that deny one line are one (SPEC 2.6): the first by rank, with the strongest tier ----

CREATE TEMP TABLE finding AS
WITH denying AS (
    SELECT line_key, 0 AS rank, 'DUP-1' AS rule_id, 0 AS tier, NULL AS other FROM duplicate
    UNION ALL
    SELECT DISTINCT line_key, 1, 'STA-B', 0, NULL FROM line_day WHERE status = 'B' AND charge <> 0
    UNION ALL
    SELECT line_key, CASE rule_id WHEN 'PTP-0' THEN 2 ELSE 5 END, rule_id, tier, other FROM pair_finding
    UNION ALL
    SELECT line_key, 3, 'AOC-1', tier, NULL FROM orphan
    UNION ALL
    SELECT line_key, 4, 'AOC-6', tier, other FROM follower
    UNION ALL
    SELECT line_key, 6, rule_id, tier, NULL FROM unit_finding
)
SELECT
    arg_min(rule_id, (rank, rule_id)) AS rule_id,
    min(tier) AS tier,
    line_key,
    arg_min(other, (rank, rule_id)) AS other,
    array_to_string(list(rule_id ORDER BY rank, rule_id)[2:], ' ') AS also
FROM denying
GROUP BY line_key;

CREATE TEMP TABLE written AS
SELECT
    f.rule_id,
    CASE f.tier WHEN 0 THEN 'certain' ELSE 'review' END AS tier,
    l.claim_id,
    l.line_number,
    l.code,
    f.also,
    o.claim_id AS counterpart_claim_id,
    o.line_number AS counterpart_line_number,
    o.code AS counterpart_code
FROM finding f
JOIN line l ON l.rowid = f.line_key
LEFT JOIN line o ON o.rowid = f.other
ORDER BY ALL;
