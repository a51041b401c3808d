-- Layout 1. SCHEMA stands for the quoted name of the schema, which exists.
--
-- The row of meta is what every writer changes first, so that writers wait there and not at the end. It is also the
-- lock under which later layouts are made. Creating meta first settles who of several first starts makes the tables.
CREATE TABLE SCHEMA.meta (
    id smallint PRIMARY KEY CHECK (id = 1),
    layout integer NOT NULL,
    views integer NOT NULL,
    generation bigint NOT NULL
);
CREATE TABLE SCHEMA.entries (
    key text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);
INSERT INTO SCHEMA.meta (id, layout, views, generation) VALUES (1, 1, 0, 0);
