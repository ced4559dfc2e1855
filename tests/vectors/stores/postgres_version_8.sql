BEGIN;

CREATE FUNCTION claim_order(claimant bytea, wanted bytea, likeness_lock bigint, former_twin bytea, replaced bytea, replaced_lock bigint, former_replacement bytea, OUT twin bytea, OUT replacement bytea, OUT is_issued boolean) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- In this order, which all keep to. A statement of its own behind each lock, since it sees what was
    -- committed until now.
    IF wanted IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(likeness_lock);
        SELECT o.id INTO twin FROM orders o
            WHERE o.likeness = wanted AND likeness IS NOT NULL AND begun IS NULL
            AND o.id <> claimant AND o.id IS DISTINCT FROM former_twin LIMIT 1;
    END IF;
    IF twin IS NULL AND replaced IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(replaced_lock);
        SELECT r.order_id, r.completed IS NOT NULL INTO replacement, is_issued FROM replacements r
            WHERE r.serial = replaced AND r.order_id <> claimant
            AND (r.completed IS NOT NULL OR r.order_id IS DISTINCT FROM former_replacement);
    END IF;
END $$;

CREATE FUNCTION give_back(buckets text[], costs bigint[], taken_at bigint, present bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    FOR place IN 1 .. coalesce(cardinality(buckets), 0) LOOP
        UPDATE counters c SET arrival = c.arrival
            - greatest(0, costs[place] - greatest(0, present - taken_at))
            WHERE c.bucket = buckets[place] AND costs[place] > 0;
    END LOOP;
    RETURN coalesce(cardinality(buckets), 0);
END $$;

CREATE FUNCTION obstacle_to_key(key_lock bigint, wanted bytea, wanted_thumbprint bytea, is_for_account boolean, OUT obstacle bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(key_lock);
    -- A statement of its own, since it sees what was committed until now; the one that called the
    -- function sees what had been when it began.
    SELECT CASE
        WHEN EXISTS (SELECT FROM accounts a WHERE a.thumbprint = wanted_thumbprint) THEN 2
        WHEN EXISTS (SELECT FROM blocked_keys b WHERE b.key = wanted) THEN 1
        WHEN is_for_account AND EXISTS (SELECT FROM certificates c
            WHERE substr(c.key, 1, 8) = substr(wanted, 1, 8) AND c.key = wanted) THEN 3
        WHEN is_for_account AND EXISTS (SELECT FROM orders o WHERE o.key = wanted
            AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL) THEN 3
        ELSE 0 END
        INTO obstacle;
END $$;

CREATE FUNCTION settle(wanted boolean, buckets text[], overrides text[], effects bigint[], intervals bigint[], costs bigint[], capacities bigint[], present bigint, forget_before bigint, OUT accepted boolean, OUT state bigint[], OUT taken bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    wanted_bucket text;
    arrivals bigint[];
    others bigint[] := array_fill(0::bigint, ARRAY[cardinality(buckets)]);
    periods bigint[] := others;
    pause bigint;
    room bigint;
BEGIN
    accepted := false;
    IF NOT wanted THEN
        RETURN;
    END IF;
    accepted := true;
    IF cardinality(buckets) = 0 THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM limit_overrides) THEN
        SELECT array_agg(coalesce(o.count, 0) ORDER BY w.place),
               array_agg(coalesce(o.period, 0) ORDER BY w.place) INTO others, periods
            FROM unnest(overrides) WITH ORDINALITY AS w (keys, place)
            LEFT JOIN LATERAL (SELECT l.count, l.period
                FROM unnest(string_to_array(w.keys, E'\n')) WITH ORDINALITY AS k (key, turn)
                CROSS JOIN LATERAL (SELECT * FROM limit_overrides f WHERE f.key = k.key OFFSET 0) AS l
                ORDER BY k.turn LIMIT 1) AS o ON true;
    END IF;
    -- In the order of their names, which all who want several keep to.
    FOR wanted_bucket IN SELECT u.b FROM unnest(buckets, effects) AS u (b, e)
            WHERE u.e = 0 ORDER BY u.b LOOP
        PERFORM FROM counters c WHERE c.bucket = wanted_bucket FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO counters AS c (bucket, arrival) VALUES (wanted_bucket, present)
                ON CONFLICT (bucket) DO UPDATE SET arrival = c.arrival;
        END IF;
    END LOOP;
    SELECT array_agg(greatest((SELECT c.arrival FROM counters c WHERE c.bucket = b.name), present)
                     ORDER BY b.place) INTO arrivals
        FROM unnest(buckets) WITH ORDINALITY AS b (name, place);
    FOR place IN 1 .. cardinality(buckets) LOOP
        taken[place] := 0;
        IF effects[place] <= 1 THEN
            pause := intervals[place];
            room := capacities[place];
            IF others[place] > 0 THEN
                pause := periods[place] * 1000000000 / others[place];
                room := pause * others[place];
            END IF;
            IF arrivals[place] > present + room + 3600000000000 THEN
                arrivals[place] := present + room;
                IF effects[place] = 0 THEN
                    UPDATE counters c SET arrival = arrivals[place] WHERE c.bucket = buckets[place];
                END IF;
            END IF;
            accepted := accepted AND arrivals[place] + pause * costs[place] <= present + room;
            IF effects[place] = 0 THEN
                taken[place] := pause * costs[place];
            END IF;
        ELSIF effects[place] = 2 THEN
            accepted := accepted AND arrivals[place] <= present;
        END IF;
    END LOOP;
    state := arrivals || others || periods;
    IF accepted THEN
        FOR place IN 1 .. cardinality(buckets) LOOP
            IF effects[place] = 0 THEN
                UPDATE counters c SET arrival = arrivals[place] + taken[place]
                    WHERE c.bucket = buckets[place];
            ELSIF effects[place] = 3 THEN
                INSERT INTO counters AS c (bucket, arrival)
                    VALUES (buckets[place], present + intervals[place])
                    ON CONFLICT (bucket) DO UPDATE SET arrival = greatest(c.arrival, excluded.arrival);
            ELSIF effects[place] = 4 THEN
                DELETE FROM counters c WHERE c.bucket = buckets[place];
            END IF;
        END LOOP;
    END IF;
    -- A bucket that has been full for long is as good as none.
    IF 0 = ANY (effects) OR 3 = ANY (effects) THEN
        DELETE FROM counters WHERE bucket = ANY (ARRAY(
            SELECT c.bucket FROM counters c
            WHERE c.arrival < forget_before AND c.bucket <> ALL (buckets)
            ORDER BY c.arrival LIMIT cardinality(buckets) + 1 FOR UPDATE SKIP LOCKED));
    END IF;
END $$;

CREATE FUNCTION spend(buckets text[], costs bigint[], capacities bigint[], present bigint, forget_before bigint, OUT accepted boolean, OUT arrivals bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    wanted text;
    full_at bigint;
BEGIN
    -- In the order of their names, which all who want several keep to.
    FOR wanted IN SELECT b FROM unnest(buckets) AS b ORDER BY b LOOP
        PERFORM FROM counters c WHERE c.bucket = wanted FOR UPDATE;
        IF NOT FOUND THEN
            INSERT INTO counters AS c (bucket, arrival) VALUES (wanted, present)
                ON CONFLICT (bucket) DO UPDATE SET arrival = c.arrival;
        END IF;
    END LOOP;
    accepted := true;
    FOR place IN 1 .. cardinality(buckets) LOOP
        SELECT greatest(c.arrival, present) INTO full_at FROM counters c
            WHERE c.bucket = buckets[place];
        IF full_at > present + capacities[place] + 3600000000000 THEN
            full_at := present + capacities[place];
            UPDATE counters c SET arrival = full_at WHERE c.bucket = buckets[place];
        END IF;
        arrivals[place] := full_at;
        accepted := accepted AND full_at + costs[place] <= present + capacities[place];
    END LOOP;
    IF accepted THEN
        FOR place IN 1 .. cardinality(buckets) LOOP
            UPDATE counters c SET arrival = arrivals[place] + costs[place]
                WHERE c.bucket = buckets[place];
        END LOOP;
    END IF;
    -- A bucket that has been full for long is as good as none.
    DELETE FROM counters WHERE bucket = ANY (ARRAY(
        SELECT c.bucket FROM counters c WHERE c.arrival < forget_before AND c.bucket <> ALL (buckets)
        ORDER BY c.arrival LIMIT 2 FOR UPDATE SKIP LOCKED));
END $$;

CREATE FUNCTION spend_if(wanted boolean, buckets text[], costs bigint[], capacities bigint[], present bigint, forget_before bigint, OUT accepted boolean, OUT arrivals bigint[]) RETURNS record
    LANGUAGE plpgsql
    AS $$
BEGIN
    accepted := false;
    IF wanted THEN
        SELECT s.accepted, s.arrivals INTO accepted, arrivals
            FROM spend(buckets, costs, capacities, present, forget_before) AS s;
    END IF;
END $$;

CREATE FUNCTION unfold_compromised_keys(behind bytea, most_keys bigint, most bigint, OUT last_key bytea) RETURNS bytea
    LANGUAGE plpgsql
    AS $$
DECLARE
    compromised record;
    is_final boolean;
    keys bigint := 0;
    made bigint := 0;
    added bigint;
BEGIN
    FOR compromised IN SELECT k.key, k.at FROM compromised_keys k
            WHERE unfolded IS NULL AND k.key > behind ORDER BY k.key LIMIT most_keys LOOP
        SELECT NOT EXISTS (SELECT FROM orders o WHERE o.key = compromised.key
            AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL) INTO is_final;
        INSERT INTO requested_revocations AS r (serial, at, reason, issuer, crl, not_after)
            SELECT c.serial, compromised.at, 1, c.issuer, c.crl, c.not_after FROM certificates c
            WHERE substr(c.key, 1, 8) = substr(compromised.key, 1, 8) AND c.key = compromised.key
            AND c.not_after >= compromised.at AND NOT EXISTS (SELECT FROM requested_revocations q
                WHERE q.serial = c.serial AND q.reason = 1)
            LIMIT most - made
            ON CONFLICT (serial) DO UPDATE SET reason = 1, listed = NULL WHERE r.reason <> 1;
        GET DIAGNOSTICS added = ROW_COUNT;
        made := made + added;
        EXIT WHEN made >= most;
        IF is_final THEN
            UPDATE compromised_keys k SET unfolded = 1 WHERE k.key = compromised.key;
        END IF;
        keys := keys + 1;
        last_key := compromised.key;
    END LOOP;
    IF made < most AND keys < most_keys THEN
        last_key := NULL;
    ELSIF last_key IS NULL THEN
        last_key := behind;
    END IF;
END $$;

CREATE TABLE accounts (
    id bytea NOT NULL,
    thumbprint bytea NOT NULL,
    jwk text NOT NULL,
    contacts text NOT NULL,
    created bigint NOT NULL,
    terms_agreed bigint,
    deactivated bigint,
    version bigint DEFAULT 1 NOT NULL,
    terms_url text,
    bound_to text,
    binding text,
    scope text
);

CREATE TABLE authorizations (
    id bytea NOT NULL,
    account bytea NOT NULL,
    identifier text NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    token text NOT NULL,
    offered text NOT NULL,
    method text,
    started bigint,
    node bytea,
    finished bigint,
    problem text,
    deactivated bigint,
    request text,
    profile text,
    vouched_by text,
    subdomains bigint,
    preauthorized bigint
)
WITH (fillfactor='70');

CREATE TABLE blocked_keys (
    key bytea NOT NULL
);

CREATE TABLE cairn_schema (
    version bigint NOT NULL
);

CREATE TABLE certificates (
    serial bytea NOT NULL,
    der bytea NOT NULL,
    issuer bytea NOT NULL,
    key bytea NOT NULL,
    not_after bigint NOT NULL,
    account bytea,
    order_id bytea,
    issued bigint NOT NULL,
    profile text,
    crl bigint
);
ALTER TABLE ONLY certificates ALTER COLUMN der SET STORAGE EXTERNAL;

CREATE TABLE compromised_keys (
    key bytea NOT NULL,
    at bigint NOT NULL,
    unfolded bigint
);

CREATE TABLE requested_revocations (
    serial bytea NOT NULL,
    at bigint NOT NULL,
    reason bigint NOT NULL,
    issuer bytea,
    crl bigint,
    not_after bigint,
    listed bigint
);

CREATE VIEW certificate_states AS
 SELECT c.serial,
    c.der,
    c.issuer,
    c.key,
    c.not_after,
    c.account,
    c.order_id,
    c.issued,
    COALESCE(r.at, k.at) AS revoked,
        CASE
            WHEN (k.at IS NULL) THEN r.reason
            ELSE (1)::bigint
        END AS reason,
    c.profile,
    c.crl
   FROM ((certificates c
     LEFT JOIN requested_revocations r ON ((r.serial = c.serial)))
     LEFT JOIN compromised_keys k ON (((k.key = c.key) AND (k.at <= c.not_after))));

CREATE TABLE clock (
    is_present boolean DEFAULT true NOT NULL,
    believed bigint NOT NULL,
    CONSTRAINT clock_is_present_check CHECK (is_present)
);

CREATE TABLE counters (
    bucket text NOT NULL,
    arrival bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE crl_lists (
    id bigint NOT NULL,
    issuer bytea NOT NULL,
    url text NOT NULL,
    wishes bigint DEFAULT 0 NOT NULL
);

ALTER TABLE crl_lists ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME crl_lists_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE crls (
    list bigint NOT NULL,
    number bigint NOT NULL,
    this_update bigint NOT NULL,
    next_update bigint NOT NULL,
    entries bigint NOT NULL,
    wishes bigint NOT NULL,
    der bytea NOT NULL
);
ALTER TABLE ONLY crls ALTER COLUMN der SET STORAGE EXTERNAL;

CREATE TABLE external_keys (
    kid text NOT NULL COLLATE pg_catalog."C",
    hmac_key bytea NOT NULL,
    created bigint NOT NULL,
    not_after bigint,
    most_uses bigint,
    uses bigint NOT NULL,
    names text NOT NULL,
    networks text NOT NULL,
    profiles text NOT NULL,
    uris text NOT NULL,
    is_vouching bigint NOT NULL,
    note text NOT NULL,
    revoked bigint
)
WITH (fillfactor='70');

CREATE TABLE issuers (
    id bytea NOT NULL,
    chain text NOT NULL,
    other_chains text
);

CREATE TABLE limit_overrides (
    key text NOT NULL,
    count bigint NOT NULL,
    period bigint NOT NULL
);

CREATE UNLOGGED TABLE nodes (
    id bytea NOT NULL,
    name text NOT NULL,
    alive_since timestamp with time zone NOT NULL,
    alive_until timestamp with time zone NOT NULL,
    configuration text NOT NULL
)
WITH (fillfactor='50');

CREATE UNLOGGED TABLE nonce_keys (
    is_present boolean DEFAULT true NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT nonce_keys_is_present_check CHECK (is_present)
);

CREATE TABLE orders (
    id bytea NOT NULL,
    account bytea NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    identifiers text NOT NULL,
    authorizations bytea NOT NULL,
    profile text NOT NULL,
    not_before bigint,
    not_after bigint,
    begun bigint,
    csr bytea,
    serial bytea,
    certificate_not_before bigint,
    certificate_not_after bigint,
    node bytea,
    completed bigint,
    problem text,
    request text,
    key bytea,
    pinned_issuer bytea,
    pinned_octets bytea,
    charged_buckets text[],
    charged_costs bigint[],
    replaced_serial bytea,
    replaced_key_id bytea,
    likeness bytea
)
WITH (fillfactor='70');

CREATE TABLE pull_forwards (
    id bytea NOT NULL,
    created bigint NOT NULL,
    serials text NOT NULL,
    profile text NOT NULL,
    issuer bytea,
    issued_after bigint,
    issued_before bigint NOT NULL,
    deadline bigint,
    explanation text NOT NULL
);

CREATE TABLE replacements (
    serial bytea NOT NULL,
    order_id bytea NOT NULL,
    completed bigint
);

CREATE VIEW revocations AS
 SELECT certificate_states.serial,
    certificate_states.revoked AS at,
    certificate_states.reason
   FROM certificate_states
  WHERE (certificate_states.revoked IS NOT NULL);

CREATE UNLOGGED TABLE used_nonces (
    issued bigint NOT NULL,
    node bigint NOT NULL,
    counter bigint NOT NULL
);

CREATE TABLE work_leases (
    work text NOT NULL,
    node bytea NOT NULL,
    until timestamp with time zone NOT NULL,
    duration bigint NOT NULL
)
WITH (fillfactor='50');

INSERT INTO accounts VALUES ('\x01a2285692a0e0e2a1a8fe6027869a6c', '\xd194b2764e964dab8232efe73b225318a6d60862c871c0aa374d18b3eaf59bb0', '{"crv":"P-256","kty":"EC","x":"jve368QpZ8VFpIesg41g0ucDTg-e27Se2VG2GNIEJ8s","y":"hgRGiYUPQj2ygxhT0bIBU2SmLq8pt9CkVmlYXIwAp2A"}', '', 1795973092, NULL, 1795973092, 2, NULL, NULL, NULL, NULL);
INSERT INTO accounts VALUES ('\x01a2285692a09738d333e10f441ae6d4', '\x60e1d6130e7872e85738bb0e10b22159a0bfaf1bcc6c30f96b64796bb2b6c615', '{"crv":"P-256","kty":"EC","x":"q2UkDHL6C25qu58Jxj3XLEReDmVArJlENHnKZkJSfBw","y":"AmbLOKDJdcyixF8GhhLRGlK8U7hFf4fw2D0iaq6tzy4"}', 'mailto:ops@example.test
', 1795973092, NULL, NULL, 1, NULL, NULL, NULL, NULL);

INSERT INTO authorizations VALUES ('\x01a2285692a00505f5d65b10319c3691', '\x01a2285692a09738d333e10f441ae6d4', 'dns:one.example.test', 1795973092, 1796837092, 'N60ahBRxTbceR_iLnFvlwI6YfiwbcU2KoHl39eLDjL4', 'hda', 'h', 1795973092, NULL, 1795973092, NULL, NULL, '7579b33f-a', NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a2285692a0b426f185f966fe0632d8', '\x01a2285692a09738d333e10f441ae6d4', 'dns:two.example.test', 1795973092, 1796837092, 'Bmx4wiulZ89j2yKilmpXrG9NB62TwQLt2M8e8Jt8QRw', 'hda', 'h', 1795973092, NULL, 1795973092, NULL, NULL, '7579b33f-12', NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a22856968860489999f67516abf91c', '\x01a2285692a09738d333e10f441ae6d4', 'dns:lost.example.test', 1795973093, 1796837093, 'CPSNL5ZfigQomBxGFuQtsbWkyZ3ERWIFMa8OA7rTutY', 'hda', 'h', 1795973093, NULL, 1795973093, NULL, NULL, '7579b33f-1a', NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a2285696881eda1f8a87f7a6cc0123', '\x01a2285692a09738d333e10f441ae6d4', 'dns:pending.example.test', 1795973093, 1796577893, 'fPK9vIZA8-OVHYnlfEwY3WYnoavDvTlFM9P1snLNAds', 'hda', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a2285696889d20cf56a1f88c137705', '\x01a2285692a09738d333e10f441ae6d4', 'dns:ready.example.test', 1795973093, 1796837093, 'AYVlYLwZpu7EQfOq9tbTMnIO8Kl7wOds6WT7bjD84WU', 'hda', 'h', 1795973093, NULL, 1795973093, NULL, NULL, '7579b33f-25', NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a228569688b8bfc767e0644be809a4', '\x01a2285692a09738d333e10f441ae6d4', 'dns:failed.example.test', 1795973093, 1796577893, '4i_geI0UrJKvTFX41XLrrDowVA4E8LOXi8QTbs9yDf8', 'hda', 'h', 1795973093, NULL, 1795973093, '{"type":"urn:ietf:params:acme:error:unauthorized","detail":"http://failed.example.test:13503/.well-known/acme-challenge/4i_geI0UrJKvTFX41XLrrDowVA4E8LOXi8QTbs9yDf8: 127.0.0.1:13503: the body is not the key authorization but \"wrong\"","status":403}', NULL, '7579b33f-29', NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a228569688b6e5bba137649ff5a809', '\x01a2285692a09738d333e10f441ae6d4', 'dns:given-up.example.test', 1795973093, 1796577893, 'vM1kHuPmXX14pFOApZUopTwblow7pjdeaCym9oKyboU', 'hda', NULL, NULL, NULL, NULL, NULL, 1795973093, NULL, NULL, NULL, NULL, NULL);
INSERT INTO authorizations VALUES ('\x01a228569688387387bf59e689e66203', '\x01a2285692a09738d333e10f441ae6d4', 'dns:unfinished.example.test', 1795973093, 1796837093, 'M05Fqvc2vlRQHtrMGvTc5cLOI4lmvuAQw64C3AuyW3A', 'hda', 'h', 1795973093, NULL, 1795973093, NULL, NULL, '7579b33f-2f', NULL, NULL, NULL, NULL);

INSERT INTO blocked_keys VALUES ('\x3ea57e2a615c66bbf264c6134b0d1d36df851df3a45f82512fb3b60b17d34f1e');

INSERT INTO cairn_schema VALUES (8);

INSERT INTO certificates VALUES ('\x6b0c5fe366e7ec7fff96d4fdb5cec920', '\x308202653082020aa00302010202106b0c5fe366e7ec7fff96d4fdb5cec920300a06082a8648ce3d040302303931133011060355040a0c0a436169726e20546573743122302006035504030c19436169726e205465737420496e7465726d6564696174652031301e170d3236313132393136323435315a170d3236313232393136323435305a30143112301006035504030c096c6f63616c686f73743059301306072a8648ce3d020106082a8648ce3d03010703420004c62966b28d7660e246de0ca16f35ca8017dc2cdd5be699f9d8b342f658be34671b7ae70f5ed8886d9309b9a071e627be04f67cace9ea4a9749b82acecb0d6a99a382011730820113300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070301300c0603551d130101ff04023000301f0603551d23041830168014005b230e2126552ad09d50a03b8d55b7fff6f754307a06082b06010505070101046e306c306a06082b06010505073002865e687474703a2f2f6c6f63616c686f73743a31303636362f6973737565722f36336133666565366563393232316336363831633565393361646336313563626438316264656535353036363837656536613634613165313463613535326639302c0603551d110425302382096c6f63616c686f737487047f00000187100000000000000000000000000000000130130603551d20040c300a3008060667810c010201300a06082a8648ce3d0403020349003046022100804e71f22bb55063f6cd0eda20dcdc3b70e0d422623be295c8500869eee26fb2022100c7fafab9d8e9c4066d4c9b489856b70ca61d256538fe985c42fc44c4282633ec', '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '\x5d796061fa527d68ec7a562212d0785e399a2ca3da010455dfb02da814758fbb', 1798561490, NULL, NULL, 1795973091, NULL, NULL);
INSERT INTO certificates VALUES ('\x6b0c5fe4e68b3a5ee5d67d94ec08d960', '\x30820242308201e8a00302010202106b0c5fe4e68b3a5ee5d67d94ec08d960300a06082a8648ce3d040302303931133011060355040a0c0a436169726e20546573743122302006035504030c19436169726e205465737420496e7465726d6564696174652031301e170d3236313132393136323435325a170d3237303232373136323435315a30003059301306072a8648ce3d020106082a8648ce3d03010703420004579ecf32d2815a034c611cd9a22e86bbdc036c4cba82d6183fa95c0bde37a0d2f451bb3ab797178c15e0cae089b08bb09c8fdd8865d033dd66e87c21b4f96d54a382010930820105300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070301300c0603551d130101ff04023000301f0603551d23041830168014005b230e2126552ad09d50a03b8d55b7fff6f754307a06082b06010505070101046e306c306a06082b06010505073002865e687474703a2f2f6c6f63616c686f73743a31303636362f6973737565722f36336133666565366563393232316336363831633565393361646336313563626438316264656535353036363837656536613634613165313463613535326639301e0603551d110101ff0414301282106f6e652e6578616d706c652e7465737430130603551d20040c300a3008060667810c010201300a06082a8648ce3d040302034800304502206daddbaa6a42626d2cf0d595fffdeee98a090aabab80e3f812281de31a89198d022100e1c1249e39455cda876b859b4e134f7d3316e544dbf52b99c02e8cbbc06212b6', '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '\x1610901d3fc03eeecf0e6308a2287a4a903278f6ea9f8594f19774541894a3d2', 1803745491, '\x01a2285692a09738d333e10f441ae6d4', '\x01a2285692a036cf3a5d272261814b5a', 1795973092, NULL, NULL);
INSERT INTO certificates VALUES ('\x6b0c5fe5ec01f460819f9922bb84ed71', '\x30820255308201faa00302010202106b0c5fe5ec01f460819f9922bb84ed71300a06082a8648ce3d040302303931133011060355040a0c0a436169726e20546573743122302006035504030c19436169726e205465737420496e7465726d6564696174652031301e170d3236313132393136323435335a170d3237303232373136323435325a30003059301306072a8648ce3d020106082a8648ce3d03010703420004579ecf32d2815a034c611cd9a22e86bbdc036c4cba82d6183fa95c0bde37a0d2f451bb3ab797178c15e0cae089b08bb09c8fdd8865d033dd66e87c21b4f96d54a382011b30820117300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070301300c0603551d130101ff04023000301f0603551d23041830168014005b230e2126552ad09d50a03b8d55b7fff6f754307a06082b06010505070101046e306c306a06082b06010505073002865e687474703a2f2f6c6f63616c686f73743a31303636362f6973737565722f3633613366656536656339323231633636383163356539336164633631356362643831626465653535303636383765653661363461316531346361353532663930300603551d110101ff0426302482106f6e652e6578616d706c652e74657374821074776f2e6578616d706c652e7465737430130603551d20040c300a3008060667810c010201300a06082a8648ce3d0403020349003046022100e5a2b7fb6ae72df1e5cbeebcbaa6cd98253ce5dc7ad87b66e98726688d8c9dbf0221009ba81a21a8493fbf18dde338b2017c12475b84375908acd191e955a4b75f601e', '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '\x1610901d3fc03eeecf0e6308a2287a4a903278f6ea9f8594f19774541894a3d2', 1803745492, '\x01a2285692a09738d333e10f441ae6d4', '\x01a2285692a04f0ffbce94d3983c5dd7', 1795973093, NULL, NULL);
INSERT INTO certificates VALUES ('\x6b0c5fe5fa442cad84b01e3e7b1335cc', '\x30820243308201e9a00302010202106b0c5fe5fa442cad84b01e3e7b1335cc300a06082a8648ce3d040302303931133011060355040a0c0a436169726e20546573743122302006035504030c19436169726e205465737420496e7465726d6564696174652031301e170d3236313132393136323435335a170d3237303232373136323435325a30003059301306072a8648ce3d020106082a8648ce3d03010703420004882d8c7cccfe0344ba888e310ac0d460025f107877bf6473d2d8e41e0e4dfe0b79d30d5b9fcdf81a4b6760b56ef467b195399c1dbc1ac767de7c97ac87712f13a382010a30820106300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070301300c0603551d130101ff04023000301f0603551d23041830168014005b230e2126552ad09d50a03b8d55b7fff6f754307a06082b06010505070101046e306c306a06082b06010505073002865e687474703a2f2f6c6f63616c686f73743a31303636362f6973737565722f36336133666565366563393232316336363831633565393361646336313563626438316264656535353036363837656536613634613165313463613535326639301f0603551d110101ff0415301382116c6f73742e6578616d706c652e7465737430130603551d20040c300a3008060667810c010201300a06082a8648ce3d04030203480030450220755d7c234358a6fa09b1c71651fa886929ff0bffbaab3738d0b2f9140573f83a022100dea9ade23f239c8de3fca08694871504cf8c11edc3e0451f9b81295f891c0888', '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '\x3ea57e2a615c66bbf264c6134b0d1d36df851df3a45f82512fb3b60b17d34f1e', 1803745492, '\x01a2285692a09738d333e10f441ae6d4', '\x01a2285696882b7a832ee116f186eccd', 1795973093, NULL, NULL);

INSERT INTO clock VALUES (true, 1795994083);

INSERT INTO crl_lists OVERRIDING SYSTEM VALUE VALUES (1, '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '', 0);
INSERT INTO crl_lists OVERRIDING SYSTEM VALUE VALUES (2, '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', 'http://localhost/crl/shard/0-9f86d081.crl', 0);

INSERT INTO issuers VALUES ('\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', '-----BEGIN CERTIFICATE-----
MIIB+DCCAZ6gAwIBAgIQXuxK1jQSVVjAQBL6hmgvqzAKBggqhkjOPQQDAjAvMRMw
EQYDVQQKDApDYWlybiBUZXN0MRgwFgYDVQQDDA9DYWlybiBUZXN0IFJvb3QwHhcN
MjYxMTI5MTYyNDUwWhcNMzExMTI4MTYyNDQ5WjA5MRMwEQYDVQQKDApDYWlybiBU
ZXN0MSIwIAYDVQQDDBlDYWlybiBUZXN0IEludGVybWVkaWF0ZSAxMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEYZK4yAVyO3v8g7FTCX/1F3o4HVHxZXDsQIzuL921
vGo6tvUfYVNOK5V/D/kXnzJeqE8dlx821lf+xQLtljhHgKOBkTCBjjAOBgNVHQ8B
Af8EBAMCAYYwEwYDVR0lBAwwCgYIKwYBBQUHAwEwEgYDVR0TAQH/BAgwBgEB/wIB
ADAdBgNVHQ4EFgQUAFsjDiEmVSrQnVCgO41Vt//291QwHwYDVR0jBBgwFoAUruWz
GyRrXXa1HS2lbs2mp2yRVJUwEwYDVR0gBAwwCjAIBgZngQwBAgEwCgYIKoZIzj0E
AwIDSAAwRQIhAI1MnWyPPltZGEcHLWApxqm2j2elBIYCm5PaeDo52faOAiBUupwz
p3otzsOzdvRMB2YEFi3lPUZTWBbVwh+Z51+rKw==
', NULL);

INSERT INTO nonce_keys VALUES (true, '\xe826acadc520059b8bff1a4a6c128b08');

INSERT INTO orders VALUES ('\x01a2285692a036cf3a5d272261814b5a', '\x01a2285692a09738d333e10f441ae6d4', 1795973092, 1796577892, 'dns:one.example.test
', '\x01a2285692a00505f5d65b10319c3691', 'default', NULL, NULL, 1795973092, '\x3081e830819002010030003059301306072a8648ce3d020106082a8648ce3d03010703420004579ecf32d2815a034c611cd9a22e86bbdc036c4cba82d6183fa95c0bde37a0d2f451bb3ab797178c15e0cae089b08bb09c8fdd8865d033dd66e87c21b4f96d54a02e302c06092a864886f70d01090e311f301d301b0603551d110414301282106f6e652e6578616d706c652e74657374300a06082a8648ce3d0403020347003044022024cd5f51417dd2b7eeb02e00442a09e4df231bb1f8ab2098fb34d86da9c75ebc02204e04b99bb64a30e17c96dfe0ef8098697ec198753f06338cc07008628ca0aa83', '\x6b0c5fe4e68b3a5ee5d67d94ec08d960', 1795969492, 1803745491, '\x92ec21db9ddd0bc3f6e8fcd6', 1795973092, NULL, '7579b33f-c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a2285692a04f0ffbce94d3983c5dd7', '\x01a2285692a09738d333e10f441ae6d4', 1795973092, 1796577892, 'dns:one.example.test
dns:two.example.test
', '\x01a2285692a00505f5d65b10319c369101a2285692a0b426f185f966fe0632d8', 'default', NULL, NULL, 1795973093, '\x3081fb3081a202010030003059301306072a8648ce3d020106082a8648ce3d03010703420004579ecf32d2815a034c611cd9a22e86bbdc036c4cba82d6183fa95c0bde37a0d2f451bb3ab797178c15e0cae089b08bb09c8fdd8865d033dd66e87c21b4f96d54a040303e06092a864886f70d01090e3131302f302d0603551d110426302482106f6e652e6578616d706c652e74657374821074776f2e6578616d706c652e74657374300a06082a8648ce3d0403020348003045022100cdf16f4878103f89effa164026fa2e2c106b98b0d18bfda3a7b703693079eb1b022007300da553540b8ca82402de52f1d99a5488d313af081f6393809d5916122532', '\x6b0c5fe5ec01f460819f9922bb84ed71', 1795969493, 1803745492, '\x92ec21db9ddd0bc3f6e8fcd6', 1795973093, NULL, '7579b33f-14', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a2285696882b7a832ee116f186eccd', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:lost.example.test
', '\x01a22856968860489999f67516abf91c', 'default', NULL, NULL, 1795973093, '\x3081ea30819102010030003059301306072a8648ce3d020106082a8648ce3d03010703420004882d8c7cccfe0344ba888e310ac0d460025f107877bf6473d2d8e41e0e4dfe0b79d30d5b9fcdf81a4b6760b56ef467b195399c1dbc1ac767de7c97ac87712f13a02f302d06092a864886f70d01090e3120301e301c0603551d110415301382116c6f73742e6578616d706c652e74657374300a06082a8648ce3d0403020348003045022100ece050f535d1117d5748bac8e8d487ee6aafcd3ef5be734dd02156293706950002203d7938e8242111b415a35621984ab1413224bb16eb239992fbbcda049332c516', '\x6b0c5fe5fa442cad84b01e3e7b1335cc', 1795969493, 1803745492, '\x92ec21db9ddd0bc3f6e8fcd6', 1795973093, NULL, '7579b33f-1c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a22856968836a608eddd766c9afb56', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:pending.example.test
', '\x01a2285696881eda1f8a87f7a6cc0123', 'default', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a22856968802f8f731bcea03c87747', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:ready.example.test
', '\x01a2285696889d20cf56a1f88c137705', 'default', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a228569688d740263966db0223e41b', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:failed.example.test
', '\x01a228569688b8bfc767e0644be809a4', 'default', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a22856968891c6ac54403e19809a5c', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:given-up.example.test
', '\x01a228569688b6e5bba137649ff5a809', 'default', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orders VALUES ('\x01a228569688a6c52599cd9480f055d0', '\x01a2285692a09738d333e10f441ae6d4', 1795973093, 1796577893, 'dns:unfinished.example.test
', '\x01a228569688387387bf59e689e66203', 'default', NULL, NULL, 1795973095, '\x3081ef30819702010030003059301306072a8648ce3d020106082a8648ce3d03010703420004f9b4e172bbad0c0b102ac146d304a0c41ce27c5d4217d5d65b8320c18838e2d42a04badc53d582456c231a66167e67a2d98f011b7b139009958edcac0e690dffa035303306092a864886f70d01090e3126302430220603551d11041b30198217756e66696e69736865642e6578616d706c652e74657374300a06082a8648ce3d0403020347003044021f5174adf33c5221fdfe34a3e7bdd74d4f24ada2e3f730f5a5d6b08884b8082e022100e4cc1cce7aeefdd6f7aa8eed458ff830f6d2f0da6c5e08713a8be027cfa4c7da', '\x6b0c5fe7618fee520e14220397d0f14b', 1795969495, 1803745494, '\xa1527514c431366e187c61b9', NULL, NULL, 'cc9d5f16-2', '\x9971b3eecaf1dbb5f959139ec96fd7792669b7cd0612da5c2137f9d61a95414e', NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO requested_revocations VALUES ('\x6b0c5fe5ec01f460819f9922bb84ed71', 1795973093, 4, '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', NULL, 1803745492, 1);
INSERT INTO requested_revocations VALUES ('\x6b0c5fe5fa442cad84b01e3e7b1335cc', 1795973093, 1, '\x63a3fee6ec9221c6681c5e93adc615cbd81bdee5506687ee6a64a1e14ca552f9', NULL, 1803745492, 1);

SELECT pg_catalog.setval('crl_lists_id_seq', 2, true);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY accounts
    ADD CONSTRAINT accounts_thumbprint_key UNIQUE (thumbprint);

ALTER TABLE ONLY authorizations
    ADD CONSTRAINT authorizations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY blocked_keys
    ADD CONSTRAINT blocked_keys_pkey PRIMARY KEY (key);

ALTER TABLE ONLY certificates
    ADD CONSTRAINT certificates_pkey PRIMARY KEY (serial);

ALTER TABLE ONLY clock
    ADD CONSTRAINT clock_pkey PRIMARY KEY (is_present);

ALTER TABLE ONLY compromised_keys
    ADD CONSTRAINT compromised_keys_pkey PRIMARY KEY (key);

ALTER TABLE ONLY counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (bucket);

ALTER TABLE ONLY crl_lists
    ADD CONSTRAINT crl_lists_issuer_url_key UNIQUE (issuer, url);

ALTER TABLE ONLY crl_lists
    ADD CONSTRAINT crl_lists_pkey PRIMARY KEY (id);

ALTER TABLE ONLY crls
    ADD CONSTRAINT crls_pkey PRIMARY KEY (list);

ALTER TABLE ONLY external_keys
    ADD CONSTRAINT external_keys_pkey PRIMARY KEY (kid);

ALTER TABLE ONLY issuers
    ADD CONSTRAINT issuers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY limit_overrides
    ADD CONSTRAINT limit_overrides_pkey PRIMARY KEY (key);

ALTER TABLE ONLY nodes
    ADD CONSTRAINT nodes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY nonce_keys
    ADD CONSTRAINT nonce_keys_pkey PRIMARY KEY (is_present);

ALTER TABLE ONLY orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY pull_forwards
    ADD CONSTRAINT pull_forwards_pkey PRIMARY KEY (id);

ALTER TABLE ONLY replacements
    ADD CONSTRAINT replacements_pkey PRIMARY KEY (serial);

ALTER TABLE ONLY requested_revocations
    ADD CONSTRAINT revocations_pkey PRIMARY KEY (serial);

ALTER TABLE ONLY used_nonces
    ADD CONSTRAINT used_nonces_pkey PRIMARY KEY (issued, node, counter);

ALTER TABLE ONLY work_leases
    ADD CONSTRAINT work_leases_pkey PRIMARY KEY (work);

CREATE INDEX bound_accounts ON accounts USING btree (bound_to, id) WHERE (bound_to IS NOT NULL);

CREATE INDEX certificates_of_key ON certificates USING btree (substr(key, 1, 8));

CREATE INDEX counters_by_arrival ON counters USING btree (arrival);

CREATE INDEX ends_of_certificates ON certificates USING btree (not_after);

CREATE INDEX external_keys_by_creation ON external_keys USING btree (created, kid);

CREATE INDEX folded_keys ON compromised_keys USING btree (key) WHERE (unfolded IS NULL);

CREATE INDEX keys_of_unfinished_issuances ON orders USING btree (key) WHERE ((begun IS NOT NULL) AND (completed IS NULL) AND (problem IS NULL));

CREATE INDEX open_orders ON orders USING btree (likeness) WHERE ((likeness IS NOT NULL) AND (begun IS NULL));

CREATE INDEX orders_of_account ON orders USING btree (account, id);

CREATE INDEX pending_preauthorizations ON authorizations USING btree (account, expires) WHERE ((preauthorized IS NOT NULL) AND (finished IS NULL) AND (deactivated IS NULL));

CREATE INDEX revocations_of_crl ON requested_revocations USING btree (crl, serial) WHERE (crl IS NOT NULL);

CREATE INDEX revocations_of_issuer ON requested_revocations USING btree (issuer, serial);

CREATE INDEX unfinished_issuances ON orders USING btree (begun, id) WHERE ((begun IS NOT NULL) AND (completed IS NULL) AND (problem IS NULL));

CREATE INDEX unfinished_validations ON authorizations USING btree (started, id) WHERE ((started IS NOT NULL) AND (finished IS NULL));

CREATE INDEX unlisted_revocations ON requested_revocations USING btree (issuer, serial) WHERE (listed IS NULL);

CREATE INDEX valid_authorizations ON authorizations USING btree (account, identifier, expires) WHERE ((finished IS NOT NULL) AND (problem IS NULL) AND (deactivated IS NULL));

CREATE INDEX vouched_authorizations ON authorizations USING btree (vouched_by) WHERE (vouched_by IS NOT NULL);

COMMIT;
