-- Background tasks: long work that an operator or a client started and looks at
-- later. What a task did stands elsewhere; a lost row loses a report.

-- +goose Up
create schema spice_tasks;

create table spice_tasks.tasks (
    task_id      uuid primary key,
    name         text not null,
    type         text not null,
    status       text not null check (status in ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED', 'RETRYING')),
    actor        text not null,
    metadata     json not null,
    progress     json not null,
    result       json,
    problem      json,                      -- why it failed, in both languages
    retry_count  integer not null default 0,
    cancel       boolean not null default false, -- somebody wants its end
    created_at   timestamptz not null,
    started_at   timestamptz,
    heartbeat_at timestamptz,               -- of the process that works on it
    completed_at timestamptz
);
create index tasks_newest on spice_tasks.tasks (created_at desc, task_id);

-- +goose Down
drop schema spice_tasks cascade;
