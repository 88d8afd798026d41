BEGIN TRANSACTION;
CREATE TABLE annotations (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	change TEXT NOT NULL, 
	ticket TEXT NOT NULL, 
	note TEXT NOT NULL, 
	signed_by TEXT NOT NULL, 
	signed_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	CONSTRAINT annotations_pk PRIMARY KEY (id), 
	CONSTRAINT annotations_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id)
);
CREATE TABLE attachments (
	id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	body BLOB NOT NULL, 
	CONSTRAINT attachments_pk PRIMARY KEY (id), 
	CONSTRAINT attachments_digest_key UNIQUE (digest)
);
CREATE TABLE attestations (
	id INTEGER NOT NULL, 
	attestation TEXT NOT NULL, 
	organization INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	subject TEXT NOT NULL, 
	setting TEXT NOT NULL, 
	value TEXT NOT NULL, 
	looked_by TEXT NOT NULL, 
	observed_at BIGINT NOT NULL, 
	recorded_by TEXT NOT NULL, 
	recorded_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	look TEXT NOT NULL, 
	screen TEXT NOT NULL, 
	console_path TEXT NOT NULL, 
	note TEXT NOT NULL, 
	attachments TEXT NOT NULL, 
	anchors TEXT NOT NULL, 
	unanchored_reason TEXT NOT NULL, 
	highest_plan TEXT, 
	plan_words TEXT NOT NULL, 
	CONSTRAINT attestations_pk PRIMARY KEY (id), 
	CONSTRAINT attestations_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT attestations_attestation_key UNIQUE (attestation)
);
INSERT INTO "attestations" VALUES(1,'a1',1,'organization','a1b2c3','contribution.in_app','"off"','anna@acme.example',1767333600123456,'anna@acme.example',1767333600123456,'auditor','runner-1','look-1','','','','[]','[{"signal": "signal.policy.generative-ai", "organization": "a1b2c3", "kind": "organization", "subject": "a1b2c3", "state": ["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"], "revision": ""}]','','enterprise','["Enterprise"]');
INSERT INTO "attestations" VALUES(2,'a2',1,'organization','a1b2c3','contribution.in_app','"off"','anna@acme.example',1767420000123456,'anna@acme.example',1767420000123456,'auditor','runner-1','look-2','','','','[]','[{"signal": "signal.policy.generative-ai", "organization": "a1b2c3", "kind": "organization", "subject": "a1b2c3", "state": ["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"], "revision": ""}]','','enterprise','["Enterprise"]');
CREATE TABLE baselines (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	approved_by TEXT NOT NULL, 
	approved_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	until BIGINT, 
	CONSTRAINT baselines_pk PRIMARY KEY (id), 
	CONSTRAINT baselines_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT baselines_run_fk FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "baselines" VALUES(1,1,2,'cara@acme.example',1767506400123456,'auditor','runner-1','reviewed',NULL);
CREATE TABLE collections (
	run INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	collector TEXT NOT NULL, 
	status VARCHAR(8) NOT NULL, 
	started_at BIGINT NOT NULL, 
	announced BIGINT, 
	read BIGINT NOT NULL, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	missing_scope TEXT, 
	requests BIGINT NOT NULL, 
	seconds FLOAT NOT NULL, 
	seen BLOB, 
	CONSTRAINT collections_pk PRIMARY KEY (organization, run, position), 
	CONSTRAINT collections_organization_fk FOREIGN KEY(organization, run) REFERENCES snapshots (organization, run)
)
 WITHOUT ROWID

;
INSERT INTO "collections" VALUES(1,1,0,'apps','ok',1767333600123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(1,1,1,'policies','ok',1767333600123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(2,1,0,'apps','ok',1767420000123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(2,1,1,'policies','ok',1767420000123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(3,1,0,'apps','partial',1767506400123456,2,2,'','',NULL,1,0.5,X'789C6366040000090005');
INSERT INTO "collections" VALUES(3,1,1,'policies','ok',1767506400123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(4,1,0,'apps','ok',1767592800123456,2,2,'','',NULL,1,0.5,NULL);
INSERT INTO "collections" VALUES(4,1,1,'policies','ok',1767592800123456,2,2,'','',NULL,1,0.5,NULL);
CREATE TABLE confirmations (
	id INTEGER NOT NULL, 
	attestation INTEGER NOT NULL, 
	signed_by TEXT NOT NULL, 
	signed_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	CONSTRAINT confirmations_pk PRIMARY KEY (id), 
	CONSTRAINT confirmations_attestation_fk FOREIGN KEY(attestation) REFERENCES attestations (id)
);
INSERT INTO "confirmations" VALUES(1,1,'bob@acme.example',1767506400123456,'auditor','runner-1');
CREATE TABLE contribaudit_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT contribaudit_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "contribaudit_version" VALUES('0009');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	event TEXT NOT NULL, 
	happened_at BIGINT NOT NULL, 
	processed_at BIGINT, 
	action TEXT NOT NULL, 
	actor_id TEXT NOT NULL, 
	actor_name TEXT NOT NULL, 
	actor_email TEXT NOT NULL, 
	via TEXT NOT NULL, 
	named TEXT NOT NULL, 
	message TEXT NOT NULL, 
	response INTEGER, 
	CONSTRAINT events_pk PRIMARY KEY (id), 
	CONSTRAINT events_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT events_response_fk FOREIGN KEY(response) REFERENCES responses (id)
);
INSERT INTO "events" VALUES(1,1,'e-1',1767420000123455,NULL,'moved','u1','','bob@acme.example','','["one"]','',1);
CREATE TABLE facts (
	id INTEGER NOT NULL, 
	topic INTEGER NOT NULL, 
	subject INTEGER NOT NULL, 
	value TEXT, 
	unavailable TEXT, 
	grade VARCHAR(16), 
	source INTEGER NOT NULL, 
	response INTEGER, 
	first_run INTEGER NOT NULL, 
	last_run INTEGER, 
	ended_run INTEGER, 
	CONSTRAINT facts_pk PRIMARY KEY (id), 
	CONSTRAINT facts_topic_fk FOREIGN KEY(topic) REFERENCES topics (id), 
	CONSTRAINT facts_subject_fk FOREIGN KEY(subject) REFERENCES subjects (id), 
	CONSTRAINT facts_source_fk FOREIGN KEY(source) REFERENCES sources (id), 
	CONSTRAINT facts_response_fk FOREIGN KEY(response) REFERENCES responses (id), 
	CONSTRAINT facts_first_run_fk FOREIGN KEY(first_run) REFERENCES runs (id), 
	CONSTRAINT facts_last_run_fk FOREIGN KEY(last_run) REFERENCES runs (id), 
	CONSTRAINT facts_ended_run_fk FOREIGN KEY(ended_run) REFERENCES runs (id)
);
INSERT INTO "facts" VALUES(1,1,1,'"EU"',NULL,'documented',1,NULL,1,1,2);
INSERT INTO "facts" VALUES(2,1,2,'"US"',NULL,'documented',1,NULL,1,2,4);
INSERT INTO "facts" VALUES(3,1,1,'"US"',NULL,'documented',1,NULL,2,NULL,NULL);
INSERT INTO "facts" VALUES(4,2,3,'["f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a"]',NULL,'documented',1,1,1,NULL,NULL);
INSERT INTO "facts" VALUES(5,3,1,NULL,'{"code": "missing_key", "reason": "because", "missing_scope": null}',NULL,1,NULL,4,NULL,NULL);
CREATE TABLE ledgers (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	clock_skew_seconds FLOAT, 
	entries BLOB NOT NULL, 
	CONSTRAINT ledgers_pk PRIMARY KEY (id), 
	CONSTRAINT ledgers_run_fk FOREIGN KEY(run) REFERENCES runs (id), 
	CONSTRAINT ledgers_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT ledgers_run_key UNIQUE (run, organization)
);
INSERT INTO "ledgers" VALUES(1,4,1,0.25,X'789C158C3B0E02310C05AFB2DA7A05B6B3B693532C127488C2F9B8A120620BAE4FD2BCD14CF19EA8A29C280220859D655BD6DFE7FB3EBB9576AEC36EC7FD3179B5DE6720806D411AC5116D6F95430566622C2DE64C9255209A674CCCC2A6411C22D686408963432FAE8E596D9CC185E7C0EB0F3E34226A');
CREATE TABLE log_readings (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	covers_from BIGINT, 
	covers_until BIGINT, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	actions TEXT, 
	read BIGINT NOT NULL, 
	kept BIGINT NOT NULL, 
	cursor TEXT NOT NULL, 
	CONSTRAINT log_readings_pk PRIMARY KEY (id), 
	CONSTRAINT log_readings_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT log_readings_run_fk FOREIGN KEY(run) REFERENCES runs (id), 
	CONSTRAINT log_readings_organization_key UNIQUE (organization, run)
);
INSERT INTO "log_readings" VALUES(1,1,2,1767333600123456,1767420000123456,'','','[["moved","Moved","Residency"]]',1,1,'c');
CREATE TABLE looks (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	looked_at BIGINT NOT NULL, 
	CONSTRAINT looks_pk PRIMARY KEY (id)
);
CREATE TABLE manifests (
	id INTEGER NOT NULL, 
	scope TEXT NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	run INTEGER NOT NULL, 
	sha256 TEXT NOT NULL, 
	previous TEXT, 
	written_at BIGINT NOT NULL, 
	signed_with TEXT, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	place TEXT NOT NULL, 
	CONSTRAINT manifests_pk PRIMARY KEY (id), 
	CONSTRAINT manifests_sha256_key UNIQUE (sha256)
);
INSERT INTO "manifests" VALUES(1,'a1b2c3','run',4,'f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a',NULL,1767592800123456,NULL,'auditor','runner-1','evidence/4');
CREATE TABLE organizations (
	id INTEGER NOT NULL, 
	organization TEXT NOT NULL, 
	CONSTRAINT organizations_pk PRIMARY KEY (id), 
	CONSTRAINT organizations_organization_key UNIQUE (organization)
);
INSERT INTO "organizations" VALUES(1,'a1b2c3');
CREATE TABLE outcomes (
	id INTEGER NOT NULL, 
	organization TEXT NOT NULL, 
	"check" TEXT NOT NULL, 
	finding TEXT NOT NULL, 
	outcome VARCHAR(24) NOT NULL, 
	first_run INTEGER NOT NULL, 
	ended_run INTEGER, 
	CONSTRAINT outcomes_pk PRIMARY KEY (id), 
	CONSTRAINT outcomes_first_run_fk FOREIGN KEY(first_run) REFERENCES runs (id), 
	CONSTRAINT outcomes_ended_run_fk FOREIGN KEY(ended_run) REFERENCES runs (id)
);
INSERT INTO "outcomes" VALUES(1,'a1b2c3','DR-01','f1','pass',1,2);
INSERT INTO "outcomes" VALUES(2,'a1b2c3','DR-01','f1','fail',2,NULL);
CREATE TABLE plans (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	since BIGINT NOT NULL, 
	highest TEXT, 
	words TEXT NOT NULL, 
	CONSTRAINT plans_pk PRIMARY KEY (id), 
	CONSTRAINT plans_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id), 
	CONSTRAINT plans_run_fk FOREIGN KEY(run) REFERENCES runs (id)
);
INSERT INTO "plans" VALUES(1,1,1,1767333600123456,'enterprise','["E"]');
CREATE TABLE policies (
	sha256 TEXT NOT NULL, 
	resolved TEXT NOT NULL, 
	CONSTRAINT policies_pk PRIMARY KEY (sha256)
);
CREATE TABLE prunings (
	id INTEGER NOT NULL, 
	pruned_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	keep TEXT NOT NULL, 
	runs TEXT NOT NULL, 
	CONSTRAINT prunings_pk PRIMARY KEY (id)
);
INSERT INTO "prunings" VALUES(1,1767506400123456,'auditor','runner-1','one run a day','[]');
CREATE TABLE responses (
	id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	body BLOB, 
	CONSTRAINT responses_pk PRIMARY KEY (id), 
	CONSTRAINT responses_digest_key UNIQUE (digest)
);
INSERT INTO "responses" VALUES(1,'f11a4ed53d055251ce8bb26b7608afb195565a736f081de102958e1fcf7f1b7a',X'789CAB56CA4C51B2522AC8CFC94CAED43554AA050031200576');
CREATE TABLE revocations (
	id INTEGER NOT NULL, 
	attestation INTEGER NOT NULL, 
	signed_by TEXT NOT NULL, 
	signed_at BIGINT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT revocations_pk PRIMARY KEY (id), 
	CONSTRAINT revocations_attestation_fk FOREIGN KEY(attestation) REFERENCES attestations (id), 
	CONSTRAINT revocations_attestation_key UNIQUE (attestation)
);
INSERT INTO "revocations" VALUES(1,2,'bob@acme.example',1767506400123456,'auditor','runner-1','a typo');
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	started_at BIGINT NOT NULL, 
	finished_at BIGINT NOT NULL, 
	complete BOOLEAN NOT NULL, 
	"trigger" TEXT NOT NULL, 
	account TEXT NOT NULL, 
	host TEXT NOT NULL, 
	tool_version TEXT NOT NULL, 
	rulebook_sha256 TEXT NOT NULL, 
	policy_sha256 TEXT NOT NULL, 
	policy_name TEXT NOT NULL, 
	selection TEXT NOT NULL, 
	exit_code INTEGER, 
	summary TEXT, planned_at BIGINT, 
	CONSTRAINT runs_pk PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,1767333600123456,1767333601123456,1,'schedule','auditor','runner-1','0.1.0','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','p','',1,'{"pass":1}',1767333540123456);
INSERT INTO "runs" VALUES(2,1767420000123456,1767420001123456,1,'schedule','auditor','runner-1','0.1.0','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','p','',1,'{"pass":1}',1767419940123456);
INSERT INTO "runs" VALUES(3,1767506400123456,1767506401123456,0,'schedule','auditor','runner-1','0.1.0','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','p','',1,'{"pass":1}',1767506340123456);
INSERT INTO "runs" VALUES(4,1767592800123456,1767592801123456,1,'schedule','auditor','runner-1','0.1.0','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','p','',1,'{"pass":1}',1767592740123456);
CREATE TABLE snapshots (
	run INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	started_at BIGINT NOT NULL, 
	finished_at BIGINT NOT NULL, 
	CONSTRAINT snapshots_pk PRIMARY KEY (organization, run), 
	CONSTRAINT snapshots_run_fk FOREIGN KEY(run) REFERENCES runs (id), 
	CONSTRAINT snapshots_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id)
)
 WITHOUT ROWID

;
INSERT INTO "snapshots" VALUES(1,1,0,1767333600123456,1767333601123456);
INSERT INTO "snapshots" VALUES(2,1,0,1767420000123456,1767420001123456);
INSERT INTO "snapshots" VALUES(3,1,0,1767506400123456,1767506401123456);
INSERT INTO "snapshots" VALUES(4,1,0,1767592800123456,1767592801123456);
CREATE TABLE sources (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	CONSTRAINT sources_pk PRIMARY KEY (id)
);
INSERT INTO "sources" VALUES(1,'GET /apps');
CREATE TABLE space_lists (
	id INTEGER NOT NULL, 
	app INTEGER NOT NULL, 
	status VARCHAR(8) NOT NULL, 
	announced BIGINT, 
	read BIGINT NOT NULL, 
	code TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	visible_to TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	first_run INTEGER NOT NULL, 
	ended_run INTEGER, 
	CONSTRAINT space_lists_pk PRIMARY KEY (id), 
	CONSTRAINT space_lists_app_fk FOREIGN KEY(app) REFERENCES subjects (id), 
	CONSTRAINT space_lists_first_run_fk FOREIGN KEY(first_run) REFERENCES runs (id), 
	CONSTRAINT space_lists_ended_run_fk FOREIGN KEY(ended_run) REFERENCES runs (id)
);
INSERT INTO "space_lists" VALUES(1,1,'ok',1,1,'','','everybody',1,1,NULL);
CREATE TABLE spaces (
	id INTEGER NOT NULL, 
	app INTEGER NOT NULL, 
	space TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	status TEXT NOT NULL, 
	created_at BIGINT, 
	first_run INTEGER NOT NULL, 
	last_run INTEGER, 
	ended_run INTEGER, 
	CONSTRAINT spaces_pk PRIMARY KEY (id), 
	CONSTRAINT spaces_app_fk FOREIGN KEY(app) REFERENCES subjects (id), 
	CONSTRAINT spaces_first_run_fk FOREIGN KEY(first_run) REFERENCES runs (id), 
	CONSTRAINT spaces_last_run_fk FOREIGN KEY(last_run) REFERENCES runs (id), 
	CONSTRAINT spaces_ended_run_fk FOREIGN KEY(ended_run) REFERENCES runs (id)
);
INSERT INTO "spaces" VALUES(1,1,'s1','HR','hr','People','global','',NULL,1,1,2);
INSERT INTO "spaces" VALUES(2,1,'s1','HR','hr','Humans','global','',NULL,2,NULL,NULL);
CREATE TABLE subjects (
	id INTEGER NOT NULL, 
	seen_in INTEGER NOT NULL, 
	organization TEXT NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	subject TEXT NOT NULL, 
	CONSTRAINT subjects_pk PRIMARY KEY (id), 
	CONSTRAINT subjects_seen_in_fk FOREIGN KEY(seen_in) REFERENCES organizations (id)
);
INSERT INTO "subjects" VALUES(1,1,'a1b2c3','app','one');
INSERT INTO "subjects" VALUES(2,1,'a1b2c3','app','two \ud800');
INSERT INTO "subjects" VALUES(3,1,'a1b2c3','organization','a1b2c3');
CREATE TABLE topics (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	collector TEXT NOT NULL, 
	setting TEXT NOT NULL, 
	CONSTRAINT topics_pk PRIMARY KEY (id), 
	CONSTRAINT topics_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "topics" VALUES(1,1,'apps','residency.realm');
INSERT INTO "topics" VALUES(2,1,'policies','signal.policy.generative-ai');
INSERT INTO "topics" VALUES(3,1,'apps','spelt \u05e2');
CREATE TABLE unreached (
	id INTEGER NOT NULL, 
	organization INTEGER NOT NULL, 
	started_at BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT unreached_pk PRIMARY KEY (id), 
	CONSTRAINT unreached_organization_fk FOREIGN KEY(organization) REFERENCES organizations (id)
);
CREATE INDEX subjects_seen_in_index ON subjects (seen_in);
CREATE UNIQUE INDEX facts_open ON facts (topic, subject) WHERE ended_run IS NULL;
CREATE INDEX facts_ended ON facts (ended_run) WHERE ended_run IS NOT NULL;
CREATE UNIQUE INDEX outcomes_open ON outcomes (finding) WHERE ended_run IS NULL;
CREATE INDEX attestations_organization_index ON attestations (organization);
CREATE INDEX confirmations_attestation_index ON confirmations (attestation);
CREATE INDEX plans_organization_index ON plans (organization);
CREATE UNIQUE INDEX space_lists_open ON space_lists (app) WHERE ended_run IS NULL;
CREATE UNIQUE INDEX spaces_by_id ON spaces (app, space, first_run);
CREATE INDEX spaces_by_key ON spaces (app, folded, space);
CREATE INDEX spaces_by_run ON spaces (app, first_run);
CREATE INDEX log_readings_organization_index ON log_readings (organization);
CREATE INDEX events_time ON events (organization, happened_at);
CREATE INDEX annotations_organization_index ON annotations (organization);
CREATE INDEX baselines_organization_index ON baselines (organization);
COMMIT;
