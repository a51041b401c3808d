CREATE SCHEMA ipam;
CREATE TABLE ipam.meta (
    id smallint NOT NULL,
    layout integer NOT NULL,
    views integer NOT NULL,
    generation bigint NOT NULL,
    CONSTRAINT meta_id_check CHECK ((id = 1)),
    CONSTRAINT meta_pkey PRIMARY KEY (id)
);
CREATE TABLE ipam.entries (
    key text COLLATE pg_catalog."C" NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT entries_pkey PRIMARY KEY (key)
);
INSERT INTO ipam.meta (id, layout, views, generation) VALUES (1, 1, 0, 7);
INSERT INTO ipam.entries (key, value) VALUES
    ('name/pool/top', '\x7b2276223a312c22616374697665223a226970616d2d706f6f6c2d30227d');
