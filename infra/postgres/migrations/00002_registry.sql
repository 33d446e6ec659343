-- What consumers know: how far each handler is with each aggregate, what waits
-- for another try, and what could not be read at all.

-- +goose Up
create schema spice_event_registry;

create table spice_event_registry.watermarks (
    handler        text collate "C" not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    last_sequence  bigint not null,
    updated_at     timestamptz not null,
    primary key (handler, aggregate_type, aggregate_id)
);

-- An aggregate that a handler could not go on with. For commands, next_sequence is 0.
create table spice_event_registry.parked (
    handler        text collate "C" not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    database       text not null,
    next_sequence  bigint not null,
    attempts       integer not null,
    next_try       timestamptz not null,
    dead           boolean not null,   -- refused for good: only an operator goes on
    reason         text not null,
    position       text not null,      -- of the event to deliver again
    parked_at      timestamptz not null,
    primary key (handler, aggregate_type, aggregate_id)
);
create index parked_due on spice_event_registry.parked (next_try) where not dead;

-- Deliveries that were no event, and events that a dispatcher gave up: the bytes as they came.
create table spice_event_registry.dead_letters (
    id          bigint generated always as identity primary key,
    handler     text not null,
    received_at timestamptz not null,
    reason      text not null,
    headers     jsonb not null,
    body        bytea not null
);

-- Readable by outside tools; one partition a day, kept for eight days.
create table spice_event_registry.processed_events (
    handler         text collate "C" not null,
    event_id        text collate "C" not null,
    day             date not null,
    aggregate_id    text,
    sequence_number bigint,
    status          text not null check (status in ('processing', 'done', 'failed', 'skipped_stale')),
    started_at      timestamptz not null,
    owner           text,
    heartbeat_at    timestamptz not null,
    processed_at    timestamptz,
    attempt_count   integer not null,
    last_error      text,
    primary key (handler, event_id, day)
) partition by range (day);

-- How far the sweep has compared a handler's watermarks with the log.
create table spice_event_registry.sweeps (
    handler     text not null,
    chain       smallint not null,
    next        bigint not null,   -- every aggregate whose last fact lies before is done
    seen        bigint not null,   -- the relay's place when the sweep looked last
    seen_at     timestamptz not null,
    primary key (handler, chain)
);

-- The sequence of every writer and consumer, as client programs read it.
create view spice_event_registry.aggregate_versions as
    select 'write_side:' || type as handler, id as aggregate_id, sequence as last_sequence, null::timestamptz as updated_at
    from spice_event_log.aggregates
    union all
    select handler, aggregate_id, last_sequence, updated_at
    from spice_event_registry.watermarks;

-- +goose Down
drop schema spice_event_registry cascade;
