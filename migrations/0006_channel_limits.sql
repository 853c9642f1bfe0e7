-- What a channel's keys may do in a minute, and reserve without paying, as JSON of what differs from the defaults (contract/operator.ts).
ALTER TABLE channels ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';
