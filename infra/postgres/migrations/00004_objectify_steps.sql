-- Ingests leave a branch in the lake also when they fail; objectify jobs check a
-- whole file before they write, and give up after steps that fail in a row.

-- +goose Up
drop index spice_datasets.ingest_requests_unfinished;
create index ingest_requests_untidy on spice_datasets.ingest_requests (updated_at) where merged_at is null;

alter table spice_objectify.jobs
    add column checked   boolean not null default false, -- every row was looked at before the first was written
    add column tries     integer not null default 0,     -- steps that failed since the last progress
    add column next_step timestamptz,                    -- when the next step may begin; null: now
    add column problem   json,                           -- why the job failed, in both languages
    add column queued_at timestamptz not null default now(), -- of the attempt
    add column start_key text;                           -- Idempotency-Key of the request that began the attempt

-- A repeated upload is answered as the first one was, also when the dataset has
-- gone on.
alter table spice_datasets.ingest_requests add column answer json;

-- What came from a file may hold NUL, which jsonb refuses; and a repeated upload
-- gets the same body, down to the order of names.
alter table spice_datasets.ingest_requests alter column record type json;
alter table spice_datasets.datasets alter column schema_json type json;
alter table spice_datasets.dataset_versions
    alter column schema_json type json, alter column sample_json type json, alter column source_json type json;
alter table spice_objectify.mapping_specs alter column spec type json;
alter table spice_objectify.row_errors alter column reason type json;

-- Events of one aggregate are published in the order of their rows.
alter table spice_outbox.outbox add column aggregate text not null default '';
create index outbox_order on spice_outbox.outbox (publisher, aggregate, id) where published_at is null and not dead;

-- +goose Down
drop index spice_outbox.outbox_order;
alter table spice_outbox.outbox drop column aggregate;
alter table spice_objectify.jobs drop column checked, drop column tries, drop column next_step, drop column problem, drop column start_key, drop column queued_at;
alter table spice_objectify.row_errors alter column reason type jsonb;
alter table spice_objectify.mapping_specs alter column spec type jsonb;
alter table spice_datasets.dataset_versions
    alter column schema_json type jsonb, alter column sample_json type jsonb, alter column source_json type jsonb;
alter table spice_datasets.datasets alter column schema_json type jsonb;
alter table spice_datasets.ingest_requests alter column record type jsonb;
alter table spice_datasets.ingest_requests drop column answer;
drop index spice_datasets.ingest_requests_untidy;
create index ingest_requests_unfinished on spice_datasets.ingest_requests (updated_at) where merged_at is null and status <> 'FAILED';
