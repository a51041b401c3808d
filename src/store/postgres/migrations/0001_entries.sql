-- Layout 1. SCHEMA stands for the quoted name of the schema, which exists.
--
-- Every writer first changes the row of meta, so that writers wait there and not at the commit. The row is also the
-- lock under which later layouts are created. Creating meta first decides which of several first writers creates the
-- tables.
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
