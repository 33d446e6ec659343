-- The index of the event log. All of it can be rebuilt from the segments on S3.
-- It is written by shared/eventlog/pgindex and by nothing else.

-- +goose Up
create schema spice_event_log;

-- The log that this index belongs to.
create table spice_event_log.log (
    one    boolean primary key default true check (one),
    id     text not null,
    chains integer not null
);

create table spice_event_log.chains (
    chain  smallint primary key,
    next   bigint not null,       -- number of the next segment
    digest bytea not null         -- SHA-256 of the last segment, empty at the start
);

-- One row per aggregate that ever had a fact, for ever.
create table spice_event_log.aggregates (
    chain          smallint not null,
    type           text collate "C" not null,
    id             text collate "C" not null,
    database       text not null,
    sequence       bigint not null,  -- of the last fact
    segment        bigint not null,  -- where the last fact stands
    byte_offset    integer not null,
    byte_length    integer not null,
    deleted        boolean not null,
    born_segment   bigint not null,  -- where its last creation stands
    born_offset    integer not null,
    born_length    integer not null,
    created        timestamptz not null,  -- time of that creation
    content        bytea not null,        -- digest of the last fact
    primary key (chain, type, id)
);
create index aggregates_order on spice_event_log.aggregates (chain, segment, byte_offset);
create index aggregates_databases on spice_event_log.aggregates (id) where type = 'Database';

-- Event ids, remembered for some days: one partition a day.
create table spice_event_log.events (
    chain       smallint not null,
    id          text collate "C" not null,
    day         date not null,       -- of the segment, UTC
    content     bytea not null,      -- digest of type, subject and data
    sequence    bigint not null,
    segment     bigint not null,
    byte_offset integer not null,
    byte_length integer not null,
    primary key (chain, id, day)
) partition by range (day);

-- Commands without an outcome, kept until they end.
create table spice_event_log.open_commands (
    chain          smallint not null,
    id             text collate "C" not null,
    type           text not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    database       text not null,
    expect         text not null,
    content        bytea not null,
    segment        bigint not null,
    byte_offset    integer not null,
    byte_length    integer not null,
    written        timestamptz not null,
    primary key (id, chain)
);
create index open_commands_age on spice_event_log.open_commands (written);
create index open_commands_pending on spice_event_log.open_commands (chain, aggregate_type, aggregate_id) where expect not in ('', 'present');

-- Ended commands, remembered as long as event ids.
create table spice_event_log.outcomes (
    chain          smallint not null,
    id             text collate "C" not null,
    day            date not null,
    type           text not null,
    aggregate_type text collate "C" not null,
    aggregate_id   text collate "C" not null,
    database       text not null,
    expect         text not null,
    content        bytea not null,
    segment        bigint not null,  -- where the command stands
    byte_offset    integer not null,
    byte_length    integer not null,
    written        timestamptz not null,
    outcome        text not null,
    end_id         text not null,
    end_segment    bigint not null,  -- where the event stands that ended it
    end_offset     integer not null,
    end_length     integer not null,
    primary key (id, chain, day)
) partition by range (day);

-- How far a reader of the log got, for example the message-relay.
create table spice_event_log.cursors (
    reader text not null,
    chain  smallint not null,
    next   bigint not null,
    digest bytea not null,
    primary key (reader, chain)
);

-- +goose Down
drop schema spice_event_log cascade;
