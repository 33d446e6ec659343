-- Who may what: the credentials with which principals use lakeFS, and the roles that
-- they have in databases. Roles are a function of the log; shared/trail writes them.

-- +goose Up
create schema spice_access;

create table spice_access.lakefs_credentials (
    principal_type        text not null check (principal_type in ('user', 'service')),
    principal_id          text collate "C" not null,
    access_key_id         text not null,
    secret_access_key_enc bytea not null,   -- AES-256-GCM: nonce, ciphertext, tag (shared/lakekeys)
    created_by            text not null,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    primary key (principal_type, principal_id)
);

create table spice_access.database_access (
    db_name        text collate "C" not null,
    principal_type text not null,
    principal_id   text collate "C" not null,
    principal_name text not null,
    role           text not null check (role in ('Owner', 'Editor', 'Viewer')),
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    primary key (db_name, principal_type, principal_id)
);

-- The databases whose creation was read before this table was there.
insert into spice_access.database_access
select aggregate_id, 'user', actor, actor, 'Owner', occurred_at, occurred_at
from (select distinct on (aggregate_id) aggregate_id, actor, occurred_at, lifecycle from spice_lineage.events
      where aggregate_type = 'Database' and lifecycle in ('create', 'delete') order by aggregate_id, sequence desc) latest
where lifecycle = 'create' and actor <> '';

-- +goose Down
drop schema spice_access cascade;
