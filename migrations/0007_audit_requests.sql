-- Which request it was: the same id stands in the answer and in the logs. NULL: from before this was kept.
ALTER TABLE audit_log ADD COLUMN request_id TEXT;
