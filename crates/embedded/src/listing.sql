-- For lists of one tenant's records, newest first.
CREATE INDEX record_of_tenant ON record (ns, tenant, state, created_at);
