-- Datasets, their versions, how rows become instances, and the outbox through
-- which such records reach the event log.

-- +goose Up
create schema spice_outbox;

-- Events that a control-plane transaction wants in the log. The envelope is
-- frozen when the row is written: a retry appends the very same event.
create table spice_outbox.outbox (
    id           bigint generated always as identity primary key,
    publisher    text not null,          -- the function that appends it, for example dataset-ingest-outbox-worker
    event_id     text not null unique,
    envelope     bytea not null,         -- one line of the log
    expect       text not null,
    created_at   timestamptz not null,
    attempts     integer not null default 0,
    next_try     timestamptz not null,
    published_at timestamptz,
    position     text,                   -- where the event stands in the log
    error        text,
    dead         boolean not null default false
);
create index outbox_due on spice_outbox.outbox (publisher, next_try) where published_at is null and not dead;

create schema spice_datasets;

create table spice_datasets.datasets (
    dataset_id  uuid primary key,
    db_name     text not null,
    name        text not null,
    description text,
    source_type text not null,
    source_ref  text,
    branch      text not null,
    schema_json jsonb not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    unique (db_name, name, branch)
);

create table spice_datasets.ingest_requests (
    ingest_request_id uuid primary key,      -- derived from database, endpoint and Idempotency-Key
    db_name           text not null,
    branch            text not null,
    dataset_id        uuid not null,
    version_id        uuid not null,
    status            text not null check (status in ('RECEIVED', 'RAW_COMMITTED', 'PUBLISHED', 'FAILED')),
    attempt           integer not null,
    fingerprint       text,                  -- known once the bytes were read
    lakefs_branch     text not null,         -- of this attempt
    lakefs_commit_id  text,
    artifact_key      text,
    record            jsonb,                 -- what is published: schema, sample, counts, source
    error             text,
    actor             text not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    published_at      timestamptz,
    merged_at         timestamptz            -- the commit is on the dataset branch and the ingest branch is gone
);
create index ingest_requests_unfinished on spice_datasets.ingest_requests (updated_at) where merged_at is null and status <> 'FAILED';

create table spice_datasets.dataset_versions (
    version_id        uuid primary key,
    dataset_id        uuid not null references spice_datasets.datasets on delete cascade,
    version_number    integer not null,
    lakefs_commit_id  text not null,
    artifact_key      text not null,
    schema_json       jsonb not null,
    schema_hash       text not null,
    row_count         bigint not null,
    sample_json       jsonb not null,
    source_json       jsonb not null,
    ingest_request_id uuid unique,
    created_at        timestamptz not null,
    unique (dataset_id, lakefs_commit_id),
    unique (dataset_id, version_number)
);

create schema spice_objectify;

create table spice_objectify.mapping_specs (
    mapping_spec_id  uuid primary key,
    dataset_id       uuid not null references spice_datasets.datasets on delete cascade,
    version          integer not null,
    target_class_id  text not null,
    schema_hash      text not null,
    status           text not null,
    spec             jsonb not null,
    created_at       timestamptz not null,
    unique (dataset_id, target_class_id, version)
);

create table spice_objectify.jobs (
    job_id             uuid primary key,
    dedupe_key         text not null unique,
    db_name            text not null,
    branch             text not null,
    dataset_id         uuid not null,
    dataset_version_id uuid not null,
    mapping_spec_id    uuid not null references spice_objectify.mapping_specs on delete cascade,
    status             text not null check (status in ('QUEUED', 'RUNNING', 'COMPLETED', 'PARTIAL', 'FAILED')),
    attempt            integer not null,
    options            jsonb not null,
    actor              text not null,
    next_row           bigint not null,      -- checkpoint: rows before it are in submitted batches
    next_batch         integer not null,
    read_all           boolean not null,
    counts             jsonb not null,
    error              text,
    lease_until        timestamptz,          -- saves double work only; the attempt is the fencing token
    lease_owner        text,
    created_at         timestamptz not null,
    started_at         timestamptz,
    updated_at         timestamptz not null,
    completed_at       timestamptz
);
create index jobs_unfinished on spice_objectify.jobs (updated_at) where status in ('QUEUED', 'RUNNING');

create table spice_objectify.batches (
    job_id     uuid not null references spice_objectify.jobs on delete cascade,
    attempt    integer not null,
    batch      integer not null,
    command_id text not null,
    rows       jsonb not null,               -- row and line number of each instance of the command
    counted    boolean not null default false,
    primary key (job_id, attempt, batch)
);

create table spice_objectify.row_errors (
    job_id     uuid not null references spice_objectify.jobs on delete cascade,
    attempt    integer not null,
    row_number bigint not null,              -- from 1, the header not counted
    ordinal    integer not null,
    line       bigint not null,              -- of the file
    field      text not null,
    target     text not null,
    value      text not null,
    reason     jsonb not null,               -- a message in both languages
    primary key (job_id, attempt, row_number, ordinal)
);

-- +goose Down
drop schema spice_objectify cascade;
drop schema spice_datasets cascade;
drop schema spice_outbox cascade;
