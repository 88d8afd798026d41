CREATE TABLE annotations (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    change text NOT NULL,
    ticket text NOT NULL,
    note text NOT NULL,
    signed_by text NOT NULL,
    signed_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL
);
CREATE TABLE attachments (
    id bigint NOT NULL,
    digest text NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE attestations (
    id bigint NOT NULL,
    attestation text NOT NULL,
    organization bigint NOT NULL,
    kind character varying(32) NOT NULL,
    subject text NOT NULL,
    setting text NOT NULL,
    value text NOT NULL,
    looked_by text NOT NULL,
    observed_at bigint NOT NULL,
    recorded_by text NOT NULL,
    recorded_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    look text NOT NULL,
    screen text NOT NULL,
    console_path text NOT NULL,
    note text NOT NULL,
    attachments text NOT NULL,
    anchors text NOT NULL,
    unanchored_reason text NOT NULL,
    highest_plan text,
    plan_words text NOT NULL
);
CREATE TABLE baselines (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    run bigint NOT NULL,
    approved_by text NOT NULL,
    approved_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    reason text NOT NULL,
    until bigint
);
CREATE TABLE collections (
    run bigint NOT NULL,
    organization bigint NOT NULL,
    "position" integer NOT NULL,
    collector text NOT NULL,
    status character varying(8) NOT NULL,
    started_at bigint NOT NULL,
    announced bigint,
    read bigint NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    missing_scope text,
    requests bigint NOT NULL,
    seconds double precision NOT NULL,
    seen bytea
);
CREATE TABLE confirmations (
    id bigint NOT NULL,
    attestation bigint NOT NULL,
    signed_by text NOT NULL,
    signed_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL
);
CREATE TABLE contribaudit_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE events (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    event text NOT NULL,
    happened_at bigint NOT NULL,
    processed_at bigint,
    action text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    actor_email text NOT NULL,
    via text NOT NULL,
    named text NOT NULL,
    message text NOT NULL,
    response bigint
);
CREATE TABLE facts (
    id bigint NOT NULL,
    topic bigint NOT NULL,
    subject bigint NOT NULL,
    value text,
    unavailable text,
    grade character varying(16),
    source bigint NOT NULL,
    response bigint,
    first_run bigint NOT NULL,
    last_run bigint,
    ended_run bigint
);
CREATE TABLE ledgers (
    id bigint NOT NULL,
    run bigint NOT NULL,
    organization bigint NOT NULL,
    clock_skew_seconds double precision,
    entries bytea NOT NULL
);
CREATE TABLE log_readings (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    run bigint NOT NULL,
    covers_from bigint,
    covers_until bigint,
    code text NOT NULL,
    reason text NOT NULL,
    actions text,
    read bigint NOT NULL,
    kept bigint NOT NULL,
    cursor text NOT NULL
);
CREATE TABLE looks (
    id bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    run bigint NOT NULL,
    looked_at bigint NOT NULL
);
CREATE TABLE manifests (
    id bigint NOT NULL,
    scope text NOT NULL,
    kind character varying(8) NOT NULL,
    run bigint NOT NULL,
    sha256 text NOT NULL,
    previous text,
    written_at bigint NOT NULL,
    signed_with text,
    account text NOT NULL,
    host text NOT NULL,
    place text NOT NULL
);
CREATE TABLE organizations (
    id bigint NOT NULL,
    organization text NOT NULL
);
CREATE TABLE outcomes (
    id bigint NOT NULL,
    organization text NOT NULL,
    "check" text NOT NULL,
    finding text NOT NULL,
    outcome character varying(24) NOT NULL,
    first_run bigint NOT NULL,
    ended_run bigint
);
CREATE TABLE plans (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    run bigint NOT NULL,
    since bigint NOT NULL,
    highest text,
    words text NOT NULL
);
CREATE TABLE policies (
    sha256 text NOT NULL,
    resolved text NOT NULL
);
CREATE TABLE prunings (
    id bigint NOT NULL,
    pruned_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    keep text NOT NULL,
    runs text NOT NULL
);
CREATE TABLE responses (
    id bigint NOT NULL,
    digest text NOT NULL,
    body bytea
);
CREATE TABLE revocations (
    id bigint NOT NULL,
    attestation bigint NOT NULL,
    signed_by text NOT NULL,
    signed_at bigint NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    note text NOT NULL
);
CREATE TABLE runs (
    id bigint NOT NULL,
    started_at bigint NOT NULL,
    finished_at bigint NOT NULL,
    complete boolean NOT NULL,
    trigger text NOT NULL,
    account text NOT NULL,
    host text NOT NULL,
    tool_version text NOT NULL,
    rulebook_sha256 text NOT NULL,
    policy_sha256 text NOT NULL,
    policy_name text NOT NULL,
    selection text NOT NULL,
    exit_code integer,
    summary text,
    planned_at bigint
);
CREATE TABLE snapshots (
    run bigint NOT NULL,
    organization bigint NOT NULL,
    "position" integer NOT NULL,
    started_at bigint NOT NULL,
    finished_at bigint NOT NULL
);
CREATE TABLE sources (
    id bigint NOT NULL,
    source text NOT NULL
);
CREATE TABLE space_lists (
    id bigint NOT NULL,
    app bigint NOT NULL,
    status character varying(8) NOT NULL,
    announced bigint,
    read bigint NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    visible_to text NOT NULL,
    requests integer NOT NULL,
    first_run bigint NOT NULL,
    ended_run bigint
);
CREATE TABLE spaces (
    id bigint NOT NULL,
    app bigint NOT NULL,
    space text NOT NULL,
    key text NOT NULL,
    folded text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    status text NOT NULL,
    created_at bigint,
    first_run bigint NOT NULL,
    last_run bigint,
    ended_run bigint
);
CREATE TABLE subjects (
    id bigint NOT NULL,
    seen_in bigint NOT NULL,
    organization text NOT NULL,
    kind character varying(32) NOT NULL,
    subject text NOT NULL
);
CREATE TABLE topics (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    collector text NOT NULL,
    setting text NOT NULL
);
CREATE TABLE unreached (
    id bigint NOT NULL,
    organization bigint NOT NULL,
    started_at bigint NOT NULL,
    reason text NOT NULL
);
INSERT INTO attestations VALUES (1, 'a1', 1, 'organization', 'a1b2c3', 'contribution.in_app', '"off"', 'anna@acme.example', 1767333600123456, 'anna@acme.example', 1767333600123456, 'auditor', 'runner-1', 'look-1', '', '', '', '[]', '[{"signal": "signal.policy.generative-ai", "organization": "a1b2c3", "kind": "organization", "subject": "a1b2c3", "state": ["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"], "revision": ""}]', '', 'enterprise', '["Enterprise"]');
INSERT INTO attestations VALUES (2, 'a2', 1, 'organization', 'a1b2c3', 'contribution.in_app', '"off"', 'anna@acme.example', 1767420000123456, 'anna@acme.example', 1767420000123456, 'auditor', 'runner-1', 'look-2', '', '', '', '[]', '[{"signal": "signal.policy.generative-ai", "organization": "a1b2c3", "kind": "organization", "subject": "a1b2c3", "state": ["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"], "revision": ""}]', '', 'enterprise', '["Enterprise"]');
INSERT INTO baselines VALUES (1, 1, 2, 'cara@acme.example', 1767506400123456, 'auditor', 'runner-1', 'reviewed', NULL);
INSERT INTO collections VALUES (1, 1, 0, 'apps', 'ok', 1767333600123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (1, 1, 1, 'policies', 'ok', 1767333600123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (2, 1, 0, 'apps', 'ok', 1767420000123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (2, 1, 1, 'policies', 'ok', 1767420000123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (3, 1, 0, 'apps', 'partial', 1767506400123456, 2, 2, '', '', NULL, 1, 0.5, '\x789c6366040000090005');
INSERT INTO collections VALUES (3, 1, 1, 'policies', 'ok', 1767506400123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (4, 1, 0, 'apps', 'ok', 1767592800123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO collections VALUES (4, 1, 1, 'policies', 'ok', 1767592800123456, 2, 2, '', '', NULL, 1, 0.5, NULL);
INSERT INTO confirmations VALUES (1, 1, 'bob@acme.example', 1767506400123456, 'auditor', 'runner-1');
INSERT INTO contribaudit_version VALUES ('0009');
INSERT INTO events VALUES (1, 1, 'e-1', 1767420000123455, NULL, 'moved', 'u1', '', 'bob@acme.example', '', '["one"]', '', 1);
INSERT INTO facts VALUES (1, 1, 1, '"EU"', NULL, 'documented', 1, NULL, 1, 1, 2);
INSERT INTO facts VALUES (2, 1, 2, '"US"', NULL, 'documented', 1, NULL, 1, 2, 4);
INSERT INTO facts VALUES (3, 1, 1, '"US"', NULL, 'documented', 1, NULL, 2, NULL, NULL);
INSERT INTO facts VALUES (4, 2, 3, '["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"]', NULL, 'documented', 1, 1, 1, NULL, NULL);
INSERT INTO facts VALUES (5, 3, 1, NULL, '{"code": "missing_key", "reason": "because", "missing_scope": null}', NULL, 1, NULL, 4, NULL, NULL);
INSERT INTO ledgers VALUES (1, 4, 1, 0.25, '\x789c158c3b0e02310c05afb2da7a05b6b3b693532c127488c2f9b8a120620bae4fd2bcd14cf19ea8a29c280220859d655bd6dfe7fb3ebb9576aec36ec7fd3179b5de6720806d411ac5116d6f95430566622c2de64c9255209a674cccc2a6411c22d686408963432fae8e596d9cc185e7c0eb0f3e34226a');
INSERT INTO log_readings VALUES (1, 1, 2, 1767333600123456, 1767420000123456, '', '', '[["moved","Moved","Residency"]]', 1, 1, 'c');
INSERT INTO manifests VALUES (1, 'a1b2c3', 'run', 4, 'f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a', NULL, 1767592800123456, NULL, 'auditor', 'runner-1', 'evidence/4');
INSERT INTO organizations VALUES (1, 'a1b2c3');
INSERT INTO outcomes VALUES (1, 'a1b2c3', 'DR-01', 'f1', 'pass', 1, 2);
INSERT INTO outcomes VALUES (2, 'a1b2c3', 'DR-01', 'f1', 'fail', 2, NULL);
INSERT INTO plans VALUES (1, 1, 1, 1767333600123456, 'enterprise', '["E"]');
INSERT INTO prunings VALUES (1, 1767506400123456, 'auditor', 'runner-1', 'one run a day', '[]');
INSERT INTO responses VALUES (1, 'f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a', '\x789cab56ca4c51b2522ac8cfc94caed43554aa050031200576');
INSERT INTO revocations VALUES (1, 2, 'bob@acme.example', 1767506400123456, 'auditor', 'runner-1', 'a typo');
INSERT INTO runs VALUES (1, 1767333600123456, 1767333601123456, true, 'schedule', 'auditor', 'runner-1', '0.1.0', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'p', '', 1, '{"pass":1}', 1767333540123456);
INSERT INTO runs VALUES (2, 1767420000123456, 1767420001123456, true, 'schedule', 'auditor', 'runner-1', '0.1.0', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'p', '', 1, '{"pass":1}', 1767419940123456);
INSERT INTO runs VALUES (3, 1767506400123456, 1767506401123456, false, 'schedule', 'auditor', 'runner-1', '0.1.0', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'p', '', 1, '{"pass":1}', 1767506340123456);
INSERT INTO runs VALUES (4, 1767592800123456, 1767592801123456, true, 'schedule', 'auditor', 'runner-1', '0.1.0', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'p', '', 1, '{"pass":1}', 1767592740123456);
INSERT INTO snapshots VALUES (1, 1, 0, 1767333600123456, 1767333601123456);
INSERT INTO snapshots VALUES (2, 1, 0, 1767420000123456, 1767420001123456);
INSERT INTO snapshots VALUES (3, 1, 0, 1767506400123456, 1767506401123456);
INSERT INTO snapshots VALUES (4, 1, 0, 1767592800123456, 1767592801123456);
INSERT INTO sources VALUES (1, 'GET /apps');
INSERT INTO space_lists VALUES (1, 1, 'ok', 1, 1, '', '', 'everybody', 1, 1, NULL);
INSERT INTO spaces VALUES (1, 1, 's1', 'HR', 'hr', 'People', 'global', '', NULL, 1, 1, 2);
INSERT INTO spaces VALUES (2, 1, 's1', 'HR', 'hr', 'Humans', 'global', '', NULL, 2, NULL, NULL);
INSERT INTO subjects VALUES (1, 1, 'a1b2c3', 'app', 'one');
INSERT INTO subjects VALUES (2, 1, 'a1b2c3', 'app', 'two \ud800');
INSERT INTO subjects VALUES (3, 1, 'a1b2c3', 'organization', 'a1b2c3');
INSERT INTO topics VALUES (1, 1, 'apps', 'residency.realm');
INSERT INTO topics VALUES (2, 1, 'policies', 'signal.policy.generative-ai');
INSERT INTO topics VALUES (3, 1, 'apps', 'spelt \u05e2');
ALTER TABLE ONLY annotations
    ADD CONSTRAINT annotations_pk PRIMARY KEY (id);
ALTER TABLE ONLY attachments
    ADD CONSTRAINT attachments_digest_key UNIQUE (digest);
ALTER TABLE ONLY attachments
    ADD CONSTRAINT attachments_pk PRIMARY KEY (id);
ALTER TABLE ONLY attestations
    ADD CONSTRAINT attestations_attestation_key UNIQUE (attestation);
ALTER TABLE ONLY attestations
    ADD CONSTRAINT attestations_pk PRIMARY KEY (id);
ALTER TABLE ONLY baselines
    ADD CONSTRAINT baselines_pk PRIMARY KEY (id);
ALTER TABLE ONLY collections
    ADD CONSTRAINT collections_pk PRIMARY KEY (organization, run, "position");
ALTER TABLE ONLY confirmations
    ADD CONSTRAINT confirmations_pk PRIMARY KEY (id);
ALTER TABLE ONLY contribaudit_version
    ADD CONSTRAINT contribaudit_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_pk PRIMARY KEY (id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_pk PRIMARY KEY (id);
ALTER TABLE ONLY ledgers
    ADD CONSTRAINT ledgers_pk PRIMARY KEY (id);
ALTER TABLE ONLY ledgers
    ADD CONSTRAINT ledgers_run_key UNIQUE (run, organization);
ALTER TABLE ONLY log_readings
    ADD CONSTRAINT log_readings_organization_key UNIQUE (organization, run);
ALTER TABLE ONLY log_readings
    ADD CONSTRAINT log_readings_pk PRIMARY KEY (id);
ALTER TABLE ONLY looks
    ADD CONSTRAINT looks_pk PRIMARY KEY (id);
ALTER TABLE ONLY manifests
    ADD CONSTRAINT manifests_pk PRIMARY KEY (id);
ALTER TABLE ONLY manifests
    ADD CONSTRAINT manifests_sha256_key UNIQUE (sha256);
ALTER TABLE ONLY organizations
    ADD CONSTRAINT organizations_organization_key UNIQUE (organization);
ALTER TABLE ONLY organizations
    ADD CONSTRAINT organizations_pk PRIMARY KEY (id);
ALTER TABLE ONLY outcomes
    ADD CONSTRAINT outcomes_pk PRIMARY KEY (id);
ALTER TABLE ONLY plans
    ADD CONSTRAINT plans_pk PRIMARY KEY (id);
ALTER TABLE ONLY policies
    ADD CONSTRAINT policies_pk PRIMARY KEY (sha256);
ALTER TABLE ONLY prunings
    ADD CONSTRAINT prunings_pk PRIMARY KEY (id);
ALTER TABLE ONLY responses
    ADD CONSTRAINT responses_digest_key UNIQUE (digest);
ALTER TABLE ONLY responses
    ADD CONSTRAINT responses_pk PRIMARY KEY (id);
ALTER TABLE ONLY revocations
    ADD CONSTRAINT revocations_attestation_key UNIQUE (attestation);
ALTER TABLE ONLY revocations
    ADD CONSTRAINT revocations_pk PRIMARY KEY (id);
ALTER TABLE ONLY runs
    ADD CONSTRAINT runs_pk PRIMARY KEY (id);
ALTER TABLE ONLY snapshots
    ADD CONSTRAINT snapshots_pk PRIMARY KEY (organization, run);
ALTER TABLE ONLY sources
    ADD CONSTRAINT sources_pk PRIMARY KEY (id);
ALTER TABLE ONLY space_lists
    ADD CONSTRAINT space_lists_pk PRIMARY KEY (id);
ALTER TABLE ONLY spaces
    ADD CONSTRAINT spaces_pk PRIMARY KEY (id);
ALTER TABLE ONLY subjects
    ADD CONSTRAINT subjects_pk PRIMARY KEY (id);
ALTER TABLE ONLY topics
    ADD CONSTRAINT topics_pk PRIMARY KEY (id);
ALTER TABLE ONLY unreached
    ADD CONSTRAINT unreached_pk PRIMARY KEY (id);
CREATE INDEX annotations_organization_index ON annotations USING btree (organization);
CREATE INDEX attestations_organization_index ON attestations USING btree (organization);
CREATE INDEX baselines_organization_index ON baselines USING btree (organization);
CREATE INDEX confirmations_attestation_index ON confirmations USING btree (attestation);
CREATE INDEX events_time ON events USING btree (organization, happened_at);
CREATE INDEX facts_ended ON facts USING btree (ended_run) WHERE (ended_run IS NOT NULL);
CREATE UNIQUE INDEX facts_open ON facts USING btree (topic, subject) WHERE (ended_run IS NULL);
CREATE INDEX log_readings_organization_index ON log_readings USING btree (organization);
CREATE UNIQUE INDEX outcomes_open ON outcomes USING btree (finding) WHERE (ended_run IS NULL);
CREATE INDEX plans_organization_index ON plans USING btree (organization);
CREATE UNIQUE INDEX space_lists_open ON space_lists USING btree (app) WHERE (ended_run IS NULL);
CREATE UNIQUE INDEX spaces_by_id ON spaces USING btree (app, space, first_run);
CREATE INDEX spaces_by_key ON spaces USING btree (app, folded, space);
CREATE INDEX spaces_by_run ON spaces USING btree (app, first_run);
CREATE INDEX subjects_seen_in_index ON subjects USING btree (seen_in);
ALTER TABLE ONLY annotations
    ADD CONSTRAINT annotations_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY attestations
    ADD CONSTRAINT attestations_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY baselines
    ADD CONSTRAINT baselines_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY baselines
    ADD CONSTRAINT baselines_run_fk FOREIGN KEY (run) REFERENCES runs(id);
ALTER TABLE ONLY collections
    ADD CONSTRAINT collections_organization_fk FOREIGN KEY (organization, run) REFERENCES snapshots(organization, run);
ALTER TABLE ONLY confirmations
    ADD CONSTRAINT confirmations_attestation_fk FOREIGN KEY (attestation) REFERENCES attestations(id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY events
    ADD CONSTRAINT events_response_fk FOREIGN KEY (response) REFERENCES responses(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_ended_run_fk FOREIGN KEY (ended_run) REFERENCES runs(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_first_run_fk FOREIGN KEY (first_run) REFERENCES runs(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_last_run_fk FOREIGN KEY (last_run) REFERENCES runs(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_response_fk FOREIGN KEY (response) REFERENCES responses(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_source_fk FOREIGN KEY (source) REFERENCES sources(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_subject_fk FOREIGN KEY (subject) REFERENCES subjects(id);
ALTER TABLE ONLY facts
    ADD CONSTRAINT facts_topic_fk FOREIGN KEY (topic) REFERENCES topics(id);
ALTER TABLE ONLY ledgers
    ADD CONSTRAINT ledgers_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY ledgers
    ADD CONSTRAINT ledgers_run_fk FOREIGN KEY (run) REFERENCES runs(id);
ALTER TABLE ONLY log_readings
    ADD CONSTRAINT log_readings_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY log_readings
    ADD CONSTRAINT log_readings_run_fk FOREIGN KEY (run) REFERENCES runs(id);
ALTER TABLE ONLY outcomes
    ADD CONSTRAINT outcomes_ended_run_fk FOREIGN KEY (ended_run) REFERENCES runs(id);
ALTER TABLE ONLY outcomes
    ADD CONSTRAINT outcomes_first_run_fk FOREIGN KEY (first_run) REFERENCES runs(id);
ALTER TABLE ONLY plans
    ADD CONSTRAINT plans_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY plans
    ADD CONSTRAINT plans_run_fk FOREIGN KEY (run) REFERENCES runs(id);
ALTER TABLE ONLY revocations
    ADD CONSTRAINT revocations_attestation_fk FOREIGN KEY (attestation) REFERENCES attestations(id);
ALTER TABLE ONLY snapshots
    ADD CONSTRAINT snapshots_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY snapshots
    ADD CONSTRAINT snapshots_run_fk FOREIGN KEY (run) REFERENCES runs(id);
ALTER TABLE ONLY space_lists
    ADD CONSTRAINT space_lists_app_fk FOREIGN KEY (app) REFERENCES subjects(id);
ALTER TABLE ONLY space_lists
    ADD CONSTRAINT space_lists_ended_run_fk FOREIGN KEY (ended_run) REFERENCES runs(id);
ALTER TABLE ONLY space_lists
    ADD CONSTRAINT space_lists_first_run_fk FOREIGN KEY (first_run) REFERENCES runs(id);
ALTER TABLE ONLY spaces
    ADD CONSTRAINT spaces_app_fk FOREIGN KEY (app) REFERENCES subjects(id);
ALTER TABLE ONLY spaces
    ADD CONSTRAINT spaces_ended_run_fk FOREIGN KEY (ended_run) REFERENCES runs(id);
ALTER TABLE ONLY spaces
    ADD CONSTRAINT spaces_first_run_fk FOREIGN KEY (first_run) REFERENCES runs(id);
ALTER TABLE ONLY spaces
    ADD CONSTRAINT spaces_last_run_fk FOREIGN KEY (last_run) REFERENCES runs(id);
ALTER TABLE ONLY subjects
    ADD CONSTRAINT subjects_seen_in_fk FOREIGN KEY (seen_in) REFERENCES organizations(id);
ALTER TABLE ONLY topics
    ADD CONSTRAINT topics_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
ALTER TABLE ONLY unreached
    ADD CONSTRAINT unreached_organization_fk FOREIGN KEY (organization) REFERENCES organizations(id);
