-- Views for people and dashboards. This program does not read them, and a store works on a server that cannot create
-- them. SCHEMA stands for the quoted name of the schema. This is the only place outside src/ipam/ that knows the fields
-- of records: a test compares it with the records that the program writes. `0` is the character after `/`. Columns are
-- only ever added, and at the end, because others may have built on the views or have been granted them.
CREATE OR REPLACE VIEW SCHEMA.ipam_pools AS
SELECT record ->> 'id' AS id, record ->> 'name' AS name, record ->> 'scope_id' AS scope_id,
       record ->> 'source_pool_id' AS source_pool_id, (record ->> 'depth')::integer AS depth,
       record ->> 'address_family' AS address_family, record ->> 'locale' AS locale,
       record ->> 'description' AS description,
       ARRAY(SELECT jsonb_array_elements_text(record -> 'cidrs'))::cidr[] AS cidrs, record ->> 'strategy' AS strategy,
       (record #>> '{rules,min_netmask_length}')::integer AS allocation_min_netmask_length,
       (record #>> '{rules,max_netmask_length}')::integer AS allocation_max_netmask_length,
       (record #>> '{rules,default_netmask_length}')::integer AS allocation_default_netmask_length,
       coalesce(record #> '{rules,required_tags}', '{}') AS allocation_required_tags, record -> 'tags' AS tags,
       record ->> 'owner' AS owner, record ->> 'state' AS state,
       (record ->> 'hold_expires_at')::timestamptz AS hold_expires_at, (record ->> 'confirmed')::boolean AS confirmed,
       (record ->> 'created_at')::timestamptz AS created_at, (record ->> 'updated_at')::timestamptz AS updated_at
FROM (SELECT convert_from(value, 'UTF8')::jsonb AS record FROM SCHEMA.entries
      WHERE key >= 'pool/' AND key < 'pool0') AS records;

CREATE OR REPLACE VIEW SCHEMA.ipam_pool_cidrs AS
SELECT record ->> 'id' AS id, record ->> 'name' AS name, record ->> 'pool_id' AS pool_id,
       (record ->> 'cidr')::cidr AS cidr, (record ->> 'inline')::boolean AS inline,
       record ->> 'source_allocation_id' AS source_allocation_id,
       record ->> 'owner' AS owner, record ->> 'state' AS state,
       (record ->> 'hold_expires_at')::timestamptz AS hold_expires_at, (record ->> 'confirmed')::boolean AS confirmed,
       (record ->> 'created_at')::timestamptz AS created_at, (record ->> 'updated_at')::timestamptz AS updated_at
FROM (SELECT convert_from(value, 'UTF8')::jsonb AS record FROM SCHEMA.entries
      WHERE key >= 'pool-cidr/' AND key < 'pool-cidr0') AS records;

CREATE OR REPLACE VIEW SCHEMA.ipam_allocations AS
SELECT record ->> 'id' AS id, record ->> 'name' AS name, record ->> 'pool_id' AS pool_id,
       (record ->> 'cidr')::cidr AS cidr, record ->> 'resource_type' AS resource_type,
       record ->> 'resource_id' AS resource_id, record ->> 'description' AS description, record -> 'tags' AS tags,
       record ->> 'owner' AS owner, record ->> 'state' AS state,
       (record ->> 'hold_expires_at')::timestamptz AS hold_expires_at, (record ->> 'confirmed')::boolean AS confirmed,
       (record ->> 'created_at')::timestamptz AS created_at, (record ->> 'updated_at')::timestamptz AS updated_at
FROM (SELECT convert_from(value, 'UTF8')::jsonb AS record FROM SCHEMA.entries
      WHERE key >= 'allocation/' AND key < 'allocation0') AS records;

CREATE OR REPLACE VIEW SCHEMA.ipam_events AS
SELECT (record ->> 'sequence')::bigint AS sequence, (record ->> 'time')::timestamptz AS time,
       record #>> '{actor,owner}' AS owner, record #>> '{actor,user}' AS "user",
       record #>> '{actor,run_url}' AS run_url, record ->> 'action' AS action, record ->> 'kind' AS kind,
       record ->> 'id' AS id, coalesce(record #>> '{after,name}', record #>> '{before,name}') AS name,
       coalesce(record #>> '{after,cidr}', record #>> '{before,cidr}')::cidr AS cidr,
       record -> 'before' AS before, record -> 'after' AS after
FROM (SELECT convert_from(value, 'UTF8')::jsonb AS record FROM SCHEMA.entries
      WHERE key >= 'event/' AND key < 'event0') AS records;
