CREATE TABLE jobs (
    id {id},
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    machine TEXT NOT NULL,
    lane TEXT NOT NULL,
    priority BIGINT NOT NULL,
    task TEXT NOT NULL,
    state TEXT NOT NULL,
    blocked BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    losses BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    created BIGINT NOT NULL,
    started BIGINT,
    ended BIGINT,
    owner TEXT,
    token TEXT,
    lease_until BIGINT,
    outcome TEXT
);
CREATE INDEX jobs_to_take ON jobs (state, blocked, machine, kind, lane, priority DESC, id);
CREATE INDEX jobs_on_lease ON jobs (state, lease_until);
CREATE TABLE needs (
    job BIGINT NOT NULL,
    needs BIGINT NOT NULL,
    success BIGINT NOT NULL,
    PRIMARY KEY (job, needs)
);
CREATE INDEX needs_of ON needs (needs);
CREATE TABLE lanes (
    name TEXT NOT NULL PRIMARY KEY,
    served BIGINT NOT NULL
);
CREATE TABLE pauses (
    what TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL
);
CREATE TABLE history (
    id {id},
    job BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX history_of ON history (job, id);
