-- Lineage and audit: what every event of the log belongs to, and what was done by
-- whom. Both are functions of the log; shared/trail writes them and can replay them.

-- +goose Up
create schema spice_lineage;

-- How far the log was read, together with the rows of both schemas.
create table spice_lineage.places (
    chain  smallint primary key,
    next   bigint not null,
    digest bytea not null
);

-- One row an event. Most edges of the graph are functions of it (shared/lineage).
create table spice_lineage.events (
    chain          smallint not null,
    segment        bigint not null,
    byte_offset    integer not null,
    byte_length    integer not null,
    id             text collate "C" not null,
    kind           text not null,
    type           text not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    database       text not null,
    branch         text not null,
    sequence       bigint not null,
    lifecycle      text not null,
    outcome        text not null,
    actor          text not null,
    occurred_at    timestamptz not null,
    command        text collate "C",     -- the command behind a domain event
    job            text collate "C",     -- the objectify job behind a command
    version        text collate "C",     -- the dataset version and the row that a fact was made of
    row_number     bigint,
    line           bigint,
    edges          smallint not null,    -- how many edges the row stands for
    primary key (chain, segment, byte_offset)
);
create index events_id on spice_lineage.events (id);
create index events_aggregate on spice_lineage.events (aggregate_type, aggregate_id, chain, segment, byte_offset);
create index events_command on spice_lineage.events (command) where command is not null;
create index events_job on spice_lineage.events (job) where job is not null;
create index events_row on spice_lineage.events (version, row_number) where version is not null;
create index events_time on spice_lineage.events (occurred_at);

-- Nodes and edges that only the data of an event tells: files, versions, mappings, jobs.
create table spice_lineage.lineage_nodes (
    node_id    text collate "C" primary key,
    node_type  text not null,
    label      text not null,
    db_name    text not null,
    created_at timestamptz not null,
    metadata   jsonb not null
);
create table spice_lineage.lineage_edges (
    from_node_id text collate "C" not null,
    to_node_id   text collate "C" not null,
    edge_type    text collate "C" not null,
    db_name      text not null,
    occurred_at  timestamptz not null,
    metadata     jsonb not null,
    primary key (from_node_id, to_node_id, edge_type)
);
create index lineage_edges_to on spice_lineage.lineage_edges (to_node_id);
create index lineage_edges_time on spice_lineage.lineage_edges (occurred_at);

create schema spice_audit;

-- One hash chain a partition; ordinals count from 1 without gaps.
create table spice_audit.audit_logs (
    audit_id       uuid primary key,
    partition_key  text collate "C" not null,
    ordinal        bigint not null,
    occurred_at    timestamptz not null,
    actor          text not null,
    action         text not null,
    status         text not null check (status in ('success', 'failure')),
    resource_type  text not null,
    resource_id    text not null,
    event_id       text not null,
    command_id     text,
    trace_id       text,
    correlation_id text,
    metadata       jsonb not null,
    error          text,
    prev_hash      text not null,
    entry_hash     text not null,
    unique (partition_key, ordinal)
);
create index audit_logs_time on spice_audit.audit_logs (occurred_at, partition_key, ordinal);
create index audit_logs_event on spice_audit.audit_logs (event_id);
create index audit_logs_command on spice_audit.audit_logs (command_id) where command_id is not null;
create index audit_logs_resource on spice_audit.audit_logs (resource_id);

create table spice_audit.audit_chain_heads (
    partition_key text collate "C" primary key,
    head_audit_id uuid not null,
    head_hash     text not null,
    length        bigint not null,
    updated_at    timestamptz not null
);

-- +goose Down
drop schema spice_audit cascade;
drop schema spice_lineage cascade;
