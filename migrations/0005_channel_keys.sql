-- A key ends (rotated, revoked), and people see whether anybody still uses it. `last_used_at` is written at most once an hour.
ALTER TABLE channel_keys ADD COLUMN expires_at INTEGER;
ALTER TABLE channel_keys ADD COLUMN last_used_at INTEGER;
