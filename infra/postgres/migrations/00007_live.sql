-- Commands are found by who submitted them, and tasks by who started them and when
-- they changed: a client that comes back is told what it missed.

-- +goose Up
-- Rows from before belong to nobody: they age out with the ids, and a rebuild of the
-- index names their actors.
alter table spice_event_log.open_commands add column actor text collate "C" not null default '';
alter table spice_event_log.outcomes add column actor text collate "C" not null default '';
create index open_commands_actor on spice_event_log.open_commands (actor, written) where actor <> '';
create index outcomes_actor on spice_event_log.outcomes (actor, written) where actor <> '';

-- One clock, the database's, says when a task changed, whoever changes it.
alter table spice_tasks.tasks add column changed_at timestamptz not null default clock_timestamp();
create index tasks_changed on spice_tasks.tasks (changed_at);
create index tasks_actor on spice_tasks.tasks (actor, created_at);
create index tasks_heartbeat on spice_tasks.tasks (heartbeat_at) where completed_at is null;

-- +goose StatementBegin
create function spice_tasks.changed() returns trigger language plpgsql as $$
begin
    new.changed_at := clock_timestamp();
    return new;
end
$$;
-- +goose StatementEnd
create trigger changed before insert or update on spice_tasks.tasks for each row execute function spice_tasks.changed();

-- +goose Down
drop trigger changed on spice_tasks.tasks;
drop function spice_tasks.changed();
drop index spice_tasks.tasks_heartbeat;
drop index spice_tasks.tasks_actor;
alter table spice_tasks.tasks drop column changed_at;
drop index spice_event_log.outcomes_actor;
drop index spice_event_log.open_commands_actor;
alter table spice_event_log.outcomes drop column actor;
alter table spice_event_log.open_commands drop column actor;
