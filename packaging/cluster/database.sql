-- The CA's role and database. Run once, as the superuser, on the primary.
CREATE ROLE cairn LOGIN PASSWORD 'cairn-secret';
CREATE DATABASE cairn OWNER cairn;
